"""A full-size VietTTS with random weights in a models folder, and a voice for it.

The weights end no sentence by themselves: whoever measures says how long each is to be. `force`
does that for engines made in this process; ``python -m benchmarks.viettts.random_model SECONDS …``
does it and then is ``sonca …``.
"""

from __future__ import annotations

import base64
import runpy
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

PROMPT_S = 4.0
RATE_HZ = 16000


def reference_wave() -> npt.NDArray[np.float32]:
    """(N,) `PROMPT_S` seconds at 16 kHz that pass for a recording: loud all the way."""
    at = np.arange(int(PROMPT_S * RATE_HZ)) / RATE_HZ
    wave = np.sin(2 * np.pi * 140 * at) * (1.0 + 0.2 * np.sin(2 * np.pi * 3 * at)) * 0.4
    return wave.astype(np.float32)


def make(folder: Path, rate_hz: int) -> tuple[Path, Path]:
    """Returns the checkpoint folder and the converted one, both under `folder`, made once."""
    from benchmarks.viettts.random_checkpoint import full_size_yaml, make_random
    from sonca.engines.viettts.convert.convert import convert
    from sonca.engines.viettts.model_folder import MANIFEST

    checkpoint, model = folder / "checkpoint", folder / "model"
    if not (model / MANIFEST).is_file():
        make_random(checkpoint, 1, config_yaml=full_size_yaml(rate_hz))
        vocabulary = folder / "bytes.tiktoken"
        lines = (base64.b64encode(bytes([byte])) + b" %d\n" % byte for byte in range(256))
        vocabulary.write_bytes(b"".join(lines))
        convert(checkpoint, model, vocabulary)
    return checkpoint, model


def prepare(models_dir: Path, rate_hz: int) -> Path:
    """The checkpoint folder of a random model that engines find in `models_dir`; made there if it
    is not there yet, with a recording for the first built-in voice. Takes 2 GB and a minute."""
    from sonca.bench.direct_call import wav
    from sonca.engines.viettts.model_folder import CONVERTED, HOME, SAMPLES, VAD
    from sonca.errors import InvalidRequest

    checkpoint, model = make(models_dir, rate_hz)
    from sonca.engines.viettts.config import read_config

    found = read_config(checkpoint / "config.yaml").flow.rate_hz
    if found != rate_hz:
        raise InvalidRequest(f"{models_dir} holds a model of {found:.0f} Hz, not {rate_hz}")
    home = models_dir / HOME / "random"
    home.mkdir(parents=True, exist_ok=True)
    link = home / CONVERTED
    if not link.exists():
        link.symlink_to(model.resolve())
    assert not (model / VAD).exists()  # the wave is no speech, and must be taken for some
    samples = models_dir / HOME / SAMPLES
    samples.mkdir(exist_ok=True)
    (samples / "cdteam.wav").write_bytes(wav(reference_wave(), RATE_HZ))
    return checkpoint


def force(sentence_s: float) -> None:
    """Make every VietTTS engine of this process speak each sentence for so many seconds."""
    from sonca.engines.base import Setup
    from sonca.engines.viettts.engine import VietTTSEngine
    from sonca.engines.viettts.runtime_config import Limits

    create = VietTTSEngine.create.__func__  # type: ignore[attr-defined]

    def forced(cls: type[VietTTSEngine], setup: Setup) -> Any:
        engine = create(cls, setup)
        tokens = round(sentence_s * engine.folder.config.flow.rate_hz)
        engine.config = replace(engine.config, limits=Limits(forced_tokens=tokens))
        return engine

    VietTTSEngine.create = classmethod(forced)  # type: ignore[assignment]


def main() -> None:
    """``python -m benchmarks.viettts.random_model SECONDS …``."""
    force(float(sys.argv[1]))
    sys.argv = ["sonca", *sys.argv[2:]]
    runpy.run_module("sonca", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
