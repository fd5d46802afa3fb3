"""What the engine makes equals what both packages' own code makes of the same files and noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.supertonic.golden import CASES, STEPS, STRIDE, TEXTS, tails
from sonca.engines.base import Options
from sonca.engines.supertonic.characters import pieces
from sonca.engines.supertonic.flow_model import FlowModel
from sonca.engines.supertonic.session import SpeakerStyle, plan
from sonca.engines.supertonic.styles import STYLES, StyleFile, load_style
from sonca.engines.supertonic.tail import clean_tail
from sonca.testing import utterance


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    with np.load(Path(__file__).parent / "golden.npz") as file:
        return dict(file)


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_the_front_end_gives_the_same_ids(
    model: FlowModel, golden: dict[str, Any], number: int
) -> None:
    (piece,) = pieces(utterance(TEXTS[number]))
    np.testing.assert_array_equal(model.table.ids(piece.tagged), golden[f"ids_{number}"])


@pytest.mark.parametrize("package", ["korva", "supertonic"])
@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_sound_is_the_same(
    package: str, number: int, golden: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(package)
    text, who, speed, seed = CASES[number]
    model, path = FlowModel(folder), sorted(folder.glob(STYLES))[who]
    voice = SpeakerStyle(StyleFile("", folder, path, "", ""), model, load_style(path))
    (piece,) = plan(utterance(text), voice, Options(speed=speed, seed=seed), STEPS)
    while piece.samples is None:
        piece.advance()
    assert piece.latent is not None
    # Supertonic leaves the end as it is, KorvaTTS cleans it.
    made = piece.samples if package == "korva" else model.decode(piece.latent)
    assert len(made) == golden[f"{package}_{number}_samples"]
    np.testing.assert_allclose(made[::STRIDE], golden[f"{package}_{number}"].clip(-1, 1), atol=2e-5)
    assert np.abs(made).max() > 0.1


@pytest.mark.parametrize("number", range(len(tails())))
def test_ends_are_cleaned_as_upstream_cleans_them(number: int, golden: dict[str, Any]) -> None:
    tail = tails()[number]
    before = tail.copy()
    made = clean_tail(tail, 44_100)
    assert len(made) == golden[f"tail_{number}_samples"]
    np.testing.assert_allclose(made[::STRIDE], golden[f"tail_{number}"], atol=1e-6)
    np.testing.assert_array_equal(tail, before)


def test_the_ends_differ(golden: dict[str, Any]) -> None:
    """Or the comparison shows nothing: some are cut and some are not."""
    cut = {len(tail) != golden[f"tail_{n}_samples"] for n, tail in enumerate(tails())}
    assert cut == {True, False}


def test_the_end_of_nothing_is_nothing() -> None:
    assert len(clean_tail(np.zeros(0, np.float32), 44_100)) == 0
