"""A ZeroTTS of 3 MB with random weights, where the engine looks for it."""

from __future__ import annotations

from pathlib import Path


def install(models_dir: Path, name: str = "zerotts") -> Path:
    """Puts the model into a models folder; returns its own."""
    from benchmarks.zerotts.random_model import make

    return make(models_dir / "zerotts" / name)
