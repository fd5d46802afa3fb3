"""`kill -9` at random moments: the same command goes on, nothing is spoken twice, and the result is
that of an undisturbed build, byte for byte. `TEST_KILLS=50` kills fifty times."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from sonca.synthesizer import Sonca
from tests import killed
from tests.book.book_helpers import STORY, build, write_book
from tests.book.test_build import _journaled

_KINDS = ("m4b", "srt", "vtt", "lrc", "json")


def _build(say: Callable[[int], None], book_path: Path, output: Path) -> None:
    """Builds, and says how many utterances this process has made."""
    with Sonca("tone") as sonca:
        say(build(sonca, book_path, output, force=True).utterances)


def _kills() -> int:
    return int(os.environ.get("TEST_KILLS", "4"))


def _beginnings() -> str:
    """The first paragraphs of each chapter of the story."""
    chapters = STORY.read_text("utf-8").split("\n\nChương ")[1:]
    return "\n\n".join("Chương " + "\n\n".join(each.split("\n\n")[:6]) for each in chapters)


@pytest.mark.slow
def test_killed_at_random_moments_the_build_goes_on(tmp_path: Path) -> None:
    book_path = write_book(tmp_path, _beginnings())
    whole = killed.run(_build, book_path, tmp_path / "whole.m4b")
    (total,) = whole.said
    wanted = {kind: (tmp_path / f"whole.{kind}").read_bytes() for kind in _KINDS}
    dice = random.Random(20)
    deaths = builds = 0
    while deaths < _kills():
        builds += 1
        output = tmp_path / f"{builds}.m4b"
        while True:  # one build, killed as often as it takes less than its whole time
            dies_at = round(dice.uniform(0.2, 1.0) * whole.calls)
            if not killed.run(_build, book_path, output, dies_at=dies_at).was_killed:
                break
            deaths += 1
            if deaths % 3 == 2:  # let it finish now and then, and see what it had left to do
                before = _journaled(output.with_name(output.name + ".build"))
                assert killed.run(_build, book_path, output).said == [total - before]
                break
        for kind in _KINDS:
            assert output.with_suffix(f".{kind}").read_bytes() == wanted[kind], (builds, kind)
        assert not output.with_name(output.name + ".build").exists()
        assert not [p for p in tmp_path.iterdir() if p.name.startswith(f".{builds}.")]
    assert builds
