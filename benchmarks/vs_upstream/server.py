"""One of the document's ways to serve around upstream's package.

``python server.py MODE CHECKPOINT PROMPT.npy SECONDS PORT`` under the interpreter that the package
is installed in, with this checkout on PYTHONPATH: the ways to serve are those of
`benchmarks.serving_modes.baseline_servers`, only what they call is not. Every sentence is forced to
SECONDS. What speaks before it serves says two words and not three sentences of 8 s, which would
take minutes.
"""

import sys

import numpy as np
from package import SAMPLE_RATE_HZ, Upstream

from benchmarks.serving_modes.baseline_servers import BASELINES, executor_pool_2, serve

WARM_UP = "Xin chào."


class Instance:
    """Upstream's package as the modes call it."""

    sample_rate_hz = SAMPLE_RATE_HZ

    def __init__(self, checkpoint: str, prompt: str, seconds: float) -> None:
        self._upstream = Upstream(checkpoint, np.load(prompt))
        self._seconds = seconds

    def synthesize(self, text: str) -> np.ndarray:
        seconds = 1.0 if text == WARM_UP else self._seconds
        return self._upstream.speak(text, round(seconds * self._upstream.rate_hz))


def main(mode: str, checkpoint: str, prompt: str, seconds: float, port: int) -> None:
    modes = BASELINES | {
        "executor-pool-2-warmup": lambda make: executor_pool_2(make, warm_up=[WARM_UP])
    }
    serve(lambda: modes[mode](lambda: Instance(checkpoint, prompt, seconds)), port)


if __name__ == "__main__":
    main(*sys.argv[1:4], float(sys.argv[4]), int(sys.argv[5]))
