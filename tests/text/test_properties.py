"""What no text may break: found by generated text."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sonca.text import Reading, explain, plan, plan_iter
from sonca.text.evaluation import cases
from tests.text.checks import check_plan, words

DATA = Path(__file__).parent / "data"
INPUTS = sorted(
    {c.input for name in ("normalization_dev.tsv", "cases.tsv") for c in cases(DATA / name)}
)
LETTERS = (
    "0123456789.,-–/:%‰°²³½₂()[]{}\"'“”’*_~=+×÷<>≥@#$€&|\\^… \n\t\u00a0\u200b\u0301\u0302\u0323"
    "aăâbcdđeêghiklmnoôơpqrstuưvxyABCĐTPQHIVXLM😀🇻🇳东жπ\ud800\x00"
)
typed = st.text(alphabet=LETTERS, max_size=80)
anything = st.text(alphabet=st.characters(exclude_categories=()), max_size=120)
joined = st.lists(st.sampled_from(INPUTS), min_size=1, max_size=4).map(" ".join)


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A sensible text with characters put in and taken out."""
    text = list(draw(st.sampled_from(INPUTS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        if draw(st.booleans()) and at < len(text):
            del text[at]
        else:
            text.insert(at, draw(st.sampled_from(LETTERS)))
    return "".join(text)


texts = st.one_of(typed, anything, joined, mangled())
USUAL = settings.default.max_examples  # of the profile


@settings(max_examples=15 * USUAL, deadline=None)
@given(texts)
def test_every_plan_is_whole(text: str) -> None:
    check_plan(plan(text))


@settings(max_examples=6 * USUAL, deadline=None)
@given(texts, st.sampled_from(["north", "central", "south"]))
def test_reading_its_own_words_changes_nothing(text: str, region: str) -> None:
    reading = Reading(region=region)  # type: ignore[arg-type]
    first = plan(text, reading=reading)
    again = plan(" ".join(u.spoken for u in first), reading=reading)
    assert words(again) == words(first)


@settings(max_examples=3 * USUAL, deadline=None)
@given(texts)
def test_plan_iter_and_explain_tell_the_same(text: str) -> None:
    planned = plan(text)
    parts = list(plan_iter(text))
    assert parts == sorted([*planned, *planned.skipped], key=lambda p: p.span)
    said = [w for t in explain(text) if t.spoken and not t.punctuation for w in t.spoken.split()]
    assert "".join(said) == "".join(words(planned))


def test_the_story_is_covered() -> None:
    text = (DATA / "story_vi.txt").read_text(encoding="utf-8")
    planned = plan(text)
    check_plan(planned)
    assert len(planned) > 180
    assert {s.reason for s in planned.skipped} == {"separator"}
