"""Upstream's package as a process: ``python driver.py CHECKPOINT THREADS PROMPT.npy``.

Runs under the interpreter that it is installed in (README.md). The first line comes out when the
package is loaded. Then it answers each question with CPU seconds, wall seconds, seconds of sound,
CPU seconds of each part and peak memory in MiB:

- ``{"text": …, "tokens": N}``: speaks the text with N tokens;
- the same with ``"llm_in_float32": true``: the language model only, in float32 instead of the
  package's half precision; answers CPU seconds.
"""

import sys
import time

import numpy as np
from package import SAMPLE_RATE_HZ, Upstream, versions

from benchmarks.answers import answer_lines, peak_mib


def load():
    """Returns what it is, and who answers."""
    start = time.perf_counter()
    checkpoint, threads, prompt = sys.argv[1:]
    upstream = Upstream(checkpoint, np.load(prompt), int(threads))
    ready_s = time.perf_counter() - start

    def answer(question):
        text, tokens = question["text"], question["tokens"]
        if question.get("llm_in_float32"):
            return {"cpu_s": upstream.llm_in_float32(text, tokens)}
        return spoken(upstream, text, tokens)

    return {"ready_s": ready_s, "rate_hz": upstream.rate_hz, "versions": versions()}, answer


def spoken(upstream: Upstream, text: str, tokens: int) -> dict[str, object]:
    cpu, wall = time.process_time(), time.perf_counter()
    samples = upstream.speak(text, tokens)
    return {
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - wall,
        "audio_s": len(samples) / SAMPLE_RATE_HZ,
        "level": float(np.abs(samples).mean()),
        "parts_cpu_s": dict(upstream.parts_cpu_s),
        "peak_mib": peak_mib(),
    }


if __name__ == "__main__":
    answer_lines(load)
