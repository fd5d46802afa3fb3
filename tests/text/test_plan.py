"""Utterances, their spans, lengths and pauses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from sonca.text import Reading, pauses, plan, plan_iter
from sonca.text.planning import MAX_SPOKEN
from tests.text.checks import check_plan, words


@pytest.mark.parametrize("text", ["", " ", "\n\n\t", "\u00a0\u3000"])
def test_blank_text_is_an_empty_plan(text: str) -> None:
    planned = plan(text)
    assert (len(planned), planned.skipped, planned.text) == (0, (), text)


def test_words_point_to_their_source() -> None:
    text = "Giá 25k ở TP.HCM."
    (utterance,) = plan(text)
    sources = {
        utterance.spoken[w.spoken[0] : w.spoken[1]]: text[w.source[0] : w.source[1]]
        for w in utterance.words
    }
    assert sources["lăm"] == "25"
    assert sources["nghìn"] == "k"
    assert sources["minh"] == "TP.HCM"
    assert sources["giá"] == "Giá"


def test_offsets_survive_decomposed_letters() -> None:
    text = "Du\u031bo\u031b\u0300ng co\u0301 5 ca\u0302y."
    (utterance,) = plan(text)
    assert utterance.spoken == "dường có năm cây."
    assert [text[w.source[0] : w.source[1]] for w in utterance.words] == [
        "Du\u031bo\u031b\u0300ng",
        "co\u0301",
        "5",
        "ca\u0302y",
    ]


def test_foreign_words_keep_their_spelling() -> None:
    (utterance,) = plan("Tôi xem Netflix mỗi tối.")
    assert {w.foreign for w in utterance.words} == {None, "Netflix"}


def test_the_region_chooses_its_words() -> None:
    said = {
        r: words(plan("1.024 người", reading=Reading(region=r)))
        for r in ("north", "central", "south")
    }
    assert said["north"] == ["một", "nghìn", "không", "trăm", "hai", "mươi", "tư", "người"]
    assert (
        said["south"]
        == said["central"]
        == ["một", "ngàn", "không", "trăm", "hai", "mươi", "bốn", "người"]
    )
    assert words(plan("105", reading=Reading(region="south"))) == ["một", "trăm", "lẻ", "năm"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Một. Hai.", pauses.SENTENCE),
        ("Một? Hai.", pauses.QUESTION),
        ("Một! Hai.", pauses.QUESTION),
        ("Một... Hai.", pauses.ELLIPSIS),
        ("một; hai", pauses.CLAUSE),
        ("Một.\nHai.", pauses.LINE),
        ("Một.\n\nHai.", pauses.PARAGRAPH),
        ("Một.\n- Hai.", pauses.TURN),
        ("- Một! - Ông nói.", pauses.TURN),
        ("Một.\n\n***\n\nHai.", pauses.SCENE),
        ("Chương 1: Gió\nHai.", pauses.CHAPTER),
        ("MÙA THU\n\nHai.", pauses.HEADING),
        ("Một.", pauses.END_OF_TEXT),
        ("Một.\n\n", pauses.END_OF_TEXT),
    ],
)
def test_pauses(text: str, expected: float) -> None:
    assert plan(text)[0].pause_s == expected


def test_a_long_sentence_is_cut_at_a_comma() -> None:
    text = ", ".join(["anh đi qua cầu rồi rẽ về phía chợ"] * 20) + "."
    planned = plan(text)
    check_plan(planned)
    assert len(planned) > 2
    assert all(len(u.spoken) <= MAX_SPOKEN + 1 for u in planned)
    assert all(u.spoken.endswith("chợ") and u.pause_s == pauses.COMMA_CUT for u in planned[:-1])


def test_a_long_number_keeps_a_source_for_every_word() -> None:
    text = "7" * 3000
    planned = plan(text)
    check_plan(planned)
    assert words(planned) == ["bảy"] * 3000


@pytest.mark.slow
def test_a_hundred_thousand_letters_without_a_blank() -> None:
    text = "k" * 100_000
    planned = plan(text)
    check_plan(planned)
    assert len(planned) >= 100


def test_cuts_do_not_part_a_letter_from_its_marks() -> None:
    text = "e\u0302\u0301" * 2000
    for utterance in plan(text):
        assert utterance.original[0] == "e"


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\ud800\x00\u200b", "\u202e"])
def test_controls_are_skipped(text: str) -> None:
    planned = plan(text)
    assert len(planned) == 0
    assert [s.reason for s in planned.skipped] == ["controls"]


def test_skipped_parts_say_why() -> None:
    reasons = {s.reason for s in plan("-----\n\n😀😀\n\n()[]{}\n\nMột.").skipped}
    assert reasons == {"separator", "emoji", "symbols"}


def test_the_first_utterance_does_not_wait_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    from sonca.text import planning

    reads = []
    real = planning.read
    monkeypatch.setattr(planning, "read", lambda *a, **k: reads.append(1) or real(*a, **k))
    next(iter(plan_iter("Trời đẹp. " * 10_000)))
    assert len(reads) == 1


def test_a_plan_is_a_sequence() -> None:
    planned = plan("Một. Hai. Ba.")
    assert [u.spoken for u in planned[1:]] == ["hai.", "ba."]
    assert planned[-1] in planned


def test_threads_read_the_same() -> None:
    texts = [
        f"Anh {name} mua {n} iPhone." for n, name in enumerate(["Smith", "Brown", "Jones"] * 8)
    ]
    alone = [[u.spoken for u in plan(t)] for t in texts]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda t: [u.spoken for u in plan(t)], texts))
    assert together == alone


def test_a_cut_beside_a_range_keeps_words_in_their_utterance() -> None:
    text = "http://example.org/abc?x=1 Version 3.0 3,14159265 26/3/1931 - 26/3/2021 " * 3
    check_plan(plan(text))
