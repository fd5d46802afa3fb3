"""The voice that all peers speak with: its files, its texts."""

from __future__ import annotations

import json
import time
from pathlib import Path

from sonca.engines.runtime import bfloat16

LONG_CHARS = 2000


def _config(model: Path) -> Path:
    return model.with_name(model.name + ".json")


def models_of(model: Path, folder: Path) -> Path:
    """Returns `folder`, made one of Sonca's models with this voice alone."""
    home = folder / "piper"
    home.mkdir()
    for path in (model, _config(model)):
        (home / path.name).symlink_to(path.resolve())
    return folder


def texts_of(model: Path) -> list[str]:
    """Returns sentences in the voice's language."""
    config = json.loads(_config(model).read_text("utf-8"))
    name = "peers_vi.txt" if config["espeak"]["voice"].startswith("vi") else "peers_en.txt"
    text = Path(__file__).with_name(name).read_text("utf-8")
    return [line for line in text.splitlines() if line]


def long_of(texts: list[str]) -> str:
    """Returns a text of about 2,000 characters."""
    joined = " ".join(texts)
    while len(joined) < LONG_CHARS:
        joined += " " + joined
    return joined[: joined.rfind(".", 0, LONG_CHARS) + 1]


def until_in_bf16(models: Path) -> None:
    """Waits until the voice, which has spoken long enough, has been compiled in bf16 and measured.
    Returns at once where there is no bf16."""
    if bfloat16.missing() is not None:
        return
    deadline = time.monotonic() + 120
    while not any("bf16_snr_db" in card.read_text("utf-8") for card in _cards(models)):
        if time.monotonic() > deadline:
            raise TimeoutError("the voice is still not in bf16")
        time.sleep(0.2)
    time.sleep(0.5)  # it is put in place right after


def _cards(models: Path) -> list[Path]:
    return list((models / "piper").glob("*.sonca.json"))
