"""One level for every voice of a book: the one that was asked for."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonca.book.build import Build, Progress
from sonca.book.build import progress as progress_module
from sonca.book.build.chapter_sound import CEILING
from sonca.book.cast import Role, one_voice
from sonca.book.output import Target
from sonca.book.sources import read_book
from sonca.errors import Cancelled
from sonca.loudness import amplified
from sonca.loudness import loudness as measured
from sonca.synthesizer import Sonca
from tests.processes import clean_environment

from .book_helpers import listen, write_book


def sonca_at(loudness_lufs: float | None) -> Sonca:
    return Sonca("tone", loudness_lufs=loudness_lufs)


def making(sonca: Sonca, folder: Path, name: str, **options: Any) -> Build:
    target = Target(folder / name)
    return Build(read_book(write_book(folder)), target, sonca, one_voice(Role()), **options)


def build(sonca: Sonca, folder: Path, name: str, **options: Any) -> Path:
    making(sonca, folder, name, **options).run()
    return folder / name


def peak(path: Path) -> float:
    return float(np.abs(listen(path).samples).max())


def level(path: Path) -> float:
    sound = listen(path)
    return measured(sound.samples, sound.rate_hz)


@pytest.mark.slow
def test_a_book_has_the_level_that_is_asked_for(tmp_path: Path) -> None:
    levels = []
    for lufs in (-20.0, -26.0):
        with sonca_at(lufs) as sonca:
            levels.append(level(build(sonca, tmp_path, f"{lufs}.m4b")))
    assert levels[1] - levels[0] == pytest.approx(-6, abs=0.5)


def test_off_leaves_voices_as_they_are_below_the_ceiling(tmp_path: Path) -> None:
    assert np.abs(amplified(np.ones(4, np.float32), 1.0, CEILING)).max() <= CEILING
    with sonca_at(None) as sonca:
        alone = sonca.speak("Trời sáng dần trên sông.")
        off = build(sonca, tmp_path, "off.m4b")
    with sonca_at(-20.0) as sonca:
        usual = build(sonca, tmp_path, "usual.m4b")
    own = float(np.abs(alone.samples).max())
    assert peak(off) == pytest.approx(own, rel=0.1)
    assert peak(usual) < own / 1.3, "or the test shows nothing"


def test_another_level_encodes_again_what_was_encoded(tmp_path: Path) -> None:
    """A build that is stopped at its first chapter's end keeps its file, which has one level."""
    builds: list[Build] = []

    def watch(progress: Progress) -> None:
        if progress.chapters_done:
            builds[0].stop()

    for level_lufs, reused in ((-20.0, 1), (-26.0, 0)):
        name = f"{-level_lufs:g}.m4b"
        with sonca_at(-20.0) as sonca:
            builds.insert(0, making(sonca, tmp_path, name, on_progress=watch))
            with pytest.raises(Cancelled):
                builds[0].run()
        with sonca_at(level_lufs) as sonca:
            report = making(sonca, tmp_path, name).run()
        assert bool(report.reused_chapters) == bool(reused)


def test_another_level_speaks_nothing_again_that_stands_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_module, "_REPORT_EVERY_S", 0.0)
    builds: list[Build] = []

    def watch(progress: Progress) -> None:
        builds[0].stop()  # at the first sentence: no chapter is whole

    with sonca_at(-20.0) as sonca:
        builds.append(making(sonca, tmp_path, "a.m4b", on_progress=watch))
        with pytest.raises(Cancelled):
            builds[0].run()
        assert not list((tmp_path / "a.m4b.build").glob("*.m4a"))
    with sonca_at(-26.0) as sonca:
        whole = making(sonca, tmp_path, "whole.m4b").run()
        resumed = making(sonca, tmp_path, "a.m4b").run()
    assert resumed.utterances < whole.utterances
    assert level(tmp_path / "a.m4b") == pytest.approx(level(tmp_path / "whole.m4b"), abs=0.1)


@pytest.mark.slow
def test_the_command_line_passes_the_setting_on(forked: list[str], tmp_path: Path) -> None:
    levels = []
    for setting in ("-20", "-26"):
        name = f"a{setting}.m4b"
        subprocess.run(
            [
                *(*forked, "book", "build", str(write_book(tmp_path))),
                *("-o", str(tmp_path / name), "--engine", "tone"),
            ],
            env=clean_environment(tmp_path / "data") | {"SONCA_LOUDNESS_LUFS": setting},
            capture_output=True,
            check=True,
            timeout=60,
        )
        levels.append(level(tmp_path / name))
    assert levels[1] - levels[0] == pytest.approx(-6, abs=0.5)
