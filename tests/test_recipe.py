"""The same recipe, the same sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sonca import Sonca
from sonca.engines import registry
from sonca.engines.base import Setup
from sonca.synthesizer import Recipe, SpeechRequest
from sonca.synthesizer.recipe import reading_version
from sonca.text import Lexicon
from tests.engines.piper import tiny

TEXT = "Chiều hôm đó trời nổi gió."


def made(models_dir: Path, **fields: object) -> tuple[Recipe, bytes]:
    """By a `Sonca` of its own each time, as another process would."""
    request = SpeechRequest(TEXT, engine="piper", **fields)  # type: ignore[arg-type]
    with (
        Sonca(
            setup=Setup(models_dir=models_dir, threads=1, exact=True), loudness_lufs=-20.0
        ) as sonca,
        sonca.submit(request) as speech,
    ):
        sound = np.concatenate([chunk.samples for chunk in speech])
        return speech.recipe, sound.tobytes()


def test_equal_recipes_give_equal_sound_and_others_other_sound(tmp_path: Path) -> None:
    tiny.save(tmp_path)
    recipe, sound = made(tmp_path, seed=3)
    assert made(tmp_path, seed=3) == (recipe, sound)
    for field in ({"seed": 4}, {"seed": 3, "speed": 1.3}):
        other, changed = made(tmp_path, **field)
        assert other != recipe
        assert changed != sound


def test_all_that_decides_the_sound_is_in_it(tmp_path: Path) -> None:
    model = tiny.save(tmp_path)
    first, _ = made(tmp_path)
    steps = dict(first.steps)
    assert steps["engine"].startswith("piper/")
    assert steps["level"] == "-20"
    assert steps["reading"] == reading_version()
    own, _ = made(tmp_path, lexicon=Lexicon.parse("gió\tgiông", "tsv"))
    assert dict(own.steps)["lexicon"]
    model.write_bytes(model.read_bytes() + b"")
    model.touch()
    assert dict(made(tmp_path)[0].steps)["hash"] != steps["hash"]  # another file, as far as known


def test_its_line_can_be_a_header() -> None:
    line = Recipe((("voice", "giọng; a=b\r\nX: y"), ("seed", "0"))).header()
    assert line.isascii()
    assert "\n" not in line and ";" not in line.removesuffix(";seed=0")


def test_the_order_of_engines_is_that_of_listeners() -> None:
    order = [spec.name for spec in registry.BUILT_IN if spec.public]
    wanted = ["vieneu", "kokoro", "supertonic", "zerotts", "piper", "espeak", "viettts"]
    assert [name for name in order if name in wanted] == [name for name in wanted if name in order]
    assert registry.find("viettts").by_name
