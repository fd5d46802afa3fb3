"""Pieces of a sentence: where they are cut, how they are blended, how speed runs through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonca.engines.viettts.durations import change_speed, mel_frames
from sonca.engines.viettts.pieces import CrossFader, Cuts, Piece, PiecePlanner, TimeStretch


def pieces_of(total: int, cuts: Cuts, expected_s: float, chunk: int = 1) -> list[Piece]:
    plan, out = PiecePlanner(cuts, 25, expected_s), []
    for available in range(chunk, total + chunk, chunk):
        while piece := plan.next(min(available, total), ended=available >= total):
            out.append(piece)
    return out


@given(st.integers(1, 600), st.floats(0, 30), st.floats(0.3, 3), st.floats(0.3, 9), st.floats(0, 1))
def test_pieces_cover_the_sentence_once(
    total: int, expected_s: float, first_s: float, rest_s: float, before_s: float
) -> None:
    cuts = Cuts(first_s=first_s, rest_s=rest_s, before_s=before_s)
    pieces = pieces_of(total, cuts, expected_s)
    said = [token for piece in pieces for token in range(*piece.say)]
    assert said == list(range(total))
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    for piece in pieces:
        assert 0 <= piece.make[0] <= piece.say[0] < piece.say[1] <= piece.make[1] <= total


def test_cuts_follow_from_the_text_and_not_from_the_pace() -> None:
    slow, fast = (pieces_of(300, Cuts(), 12.0, chunk) for chunk in (1, 37))
    assert slow == fast
    assert len(slow) >= 2


def test_short_sentences_stay_whole() -> None:
    assert pieces_of(100, Cuts(), 4.0) == [Piece((0, 100), (0, 100), last=True)]
    assert len(pieces_of(600, Cuts(whole_s=30.0), 30.0)) == 1


def test_the_first_piece_does_not_wait_for_the_end() -> None:
    plan = PiecePlanner(Cuts(), 25, 12.0)
    first = next(piece for n in range(1, 300) if (piece := plan.next(n, ended=False)))
    assert first.say == (0, 40)
    assert plan.handed_out == 40


def test_blended_pieces_give_back_what_they_were_cut_from() -> None:
    """Where both pieces agree on the frames they share, the joint cannot be seen."""
    mel = np.random.default_rng(0).standard_normal((mel_frames(300, 25), 80)).astype(np.float32)
    crossfader = CrossFader(25, blend=8)
    out = []
    for piece in pieces_of(300, Cuts(), 12.0):
        start, end = (mel_frames(at, 25) for at in piece.make)
        out.append(crossfader.join(piece, mel[start:end]))
    assert len(out) >= 2
    np.testing.assert_allclose(np.concatenate(out), mel, atol=1e-6)


def test_pieces_that_differ_are_faded_into_each_other() -> None:
    crossfader = CrossFader(25, blend=8)
    one = crossfader.join(Piece((0, 45), (0, 40), last=False), np.zeros((mel_frames(45, 25), 1)))
    two = crossfader.join(Piece((30, 80), (40, 80), last=True), np.ones((mel_frames(50, 25), 1)))
    assert not one.any()
    assert (np.diff(two[:9, 0]) > 0).all()
    assert 0 < two[0, 0] < 0.2
    assert (two[8:] == 1).all()


@given(st.floats(0.5, 2.0), st.lists(st.integers(1, 200), min_size=1, max_size=6))
def test_speed_runs_through_pieces(speed: float, sizes: list[int]) -> None:
    mel = np.sin(np.arange(sum(sizes)) / 20)[:, None].astype(np.float32)
    stream, out, at = TimeStretch(speed), [], 0
    for index, size in enumerate(sizes):
        out.append(stream.feed(mel[at : at + size], last=index + 1 == len(sizes)))
        at += size
    joined = np.concatenate(out)
    whole = change_speed(mel, speed)
    if sum(sizes) >= 2 * speed:
        assert len(joined) == len(whole)
        # The whole is stretched to a whole number of frames, pieces by the exact factor.
        assert np.abs(joined - whole).max() < 0.2


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_speed_of_one_piece_is_upstream_s(speed: float) -> None:
    mel = np.random.default_rng(0).standard_normal((57, 80)).astype(np.float32)
    np.testing.assert_array_equal(TimeStretch(speed).feed(mel, last=True), change_speed(mel, speed))
