"""A book's build is measured. No figure is judged here."""

from __future__ import annotations

import pytest

from benchmarks import books


@pytest.mark.slow
def test_a_book_is_measured_beside_engine_and_encoder() -> None:
    result = books.run("tone", rounds=1, copies=1)
    assert result["chapters"] == 3 and result["utterances"] > 150  # type: ignore[operator]
    for name in ("bare_s", "encode_s", "build_s", "engine_busy", "floor_over_build"):
        assert result[name] > 0, name  # type: ignore[operator]
