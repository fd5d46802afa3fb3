"""Which models stay loaded."""

from __future__ import annotations

from sonca.engines.kept_models import KeptModels


def test_the_one_unused_for_longest_goes_first() -> None:
    made: list[str] = []
    kept = KeptModels[str, str](2)

    def get(key: str) -> str:
        return kept.get(key, lambda: made.append(key) or key.upper())  # type: ignore[func-returns-value]

    assert [get(key) for key in "abab"] == ["A", "B", "A", "B"]
    assert kept.find("a") == "A"  # now b is the older one
    get("c")
    assert (kept.find("a"), kept.find("b"), kept.find("c")) == ("A", None, "C")
    assert made == ["a", "b", "c"]
    kept.clear()
    assert kept.find("a") is None
