"""Subtitles as people have them: of no length, rolling, with tags, WebVTT under either name."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.book.model import Book
from sonca.book.sources import read_book
from sonca.errors import InvalidRequest

WILD = Path(__file__).parent / "data" / "wild"


def cues(book: Book) -> list[tuple[float, float, str]]:
    return [
        (*p.slot_s, " ".join(p.text.split()))
        for p in book.chapters[0].paragraphs
        if p.slot_s is not None
    ]


def texts(book: Book) -> list[str]:
    return [text for _, _, text in cues(book)]


def written(tmp_path: Path, text: str, name: str = "a.srt") -> Book:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_book(path)


def srt(*bodies: str) -> str:
    """Subtitles of two seconds each, one right after another."""
    return "\n\n".join(
        f"{i + 1}\n00:00:{2 * i:02},000 --> 00:00:{2 * i + 2:02},000\n{body}"
        for i, body in enumerate(bodies)
    )


# What was reported


def test_reported_subtitles_of_no_length() -> None:
    book = read_book(WILD / "s01_zero.srt")
    assert texts(book) == ["Chào anh Tư.", "Anh đi đâu đó?", "Tôi ra bến."]
    assert cues(book)[1][0] == 3 and 3.5 < cues(book)[1][1] <= 5
    assert len(book.mended) == 1 and "00:00:03,000" in book.mended[0]
    book = read_book(WILD / "s06_neg.srt")
    assert texts(book) == ["Câu hỏng giờ.", "Câu tốt."]
    assert cues(book)[0][:2] == (5, pytest.approx(5.91))


def test_reported_tags() -> None:
    assert texts(read_book(WILD / "s02_tags.srt")) == [
        "Chào anh Tư. Anh khoẻ không?",
        "- Đi đâu đó? - Ra bến.",
        "[Tiếng nhạc nổi lên]",
        "♪ Trăng về trên sông ♪",
        "(THỞ DÀI) Thôi vậy.",
        "QUYÊN: Ông ơi, chờ cháu & mẹ với!",
        "Cháu đây. nghiêng",
        "Dịch bởi: Nhóm Phụ Đề",
        "Đi thôi... Mau lên!",
    ]


def test_reported_rolling_captions() -> None:
    book = read_book(WILD / "s03_rolling.srt")
    assert cues(book) == [
        (0.0, 2.01, "hôm nay chúng ta sẽ"),
        (2.01, 4.01, "nói về con đò"),
        (4.01, 6.0, "ở bến Lạc"),
    ]
    assert "4 rolling" in book.mended[0]


def test_reported_numbers_as_text() -> None:
    assert texts(read_book(WILD / "s04_number_line.srt")) == [
        "Năm đó là năm",
        "1975",
        "Anh bao nhiêu tuổi? - 30",
    ]


def test_reported_webvtt_under_another_name() -> None:
    book = read_book(WILD / "s05_vttish.srt")
    assert cues(book) == [(1.0, 3.0, "Chào anh."), (4.0, 6.0, "Đi đâu đó?")]


# WebVTT


def test_webvtt(tmp_path: Path) -> None:
    text = (
        "WEBVTT - Bến Lạc\nKind: captions\nLanguage: vi\n\n"
        "STYLE\n::cue { color: red }\n\nREGION\nid:r\n\n"
        "NOTE lời người dịch\nhai dòng\n\n"
        "mở đầu\n00:01.500 --> 00:03.000 position:10%,line-left align:left\n"
        "<v.loud Quyên>Chào <i>anh</i>!</v>\n\n"
        "NOTE giữa chừng\n\n"
        "2\n01:00:04.000 --> 01:00:06.000\n<c.vang>Đi</c> <01:00:05.000>thôi &lt;3\nngay\n"
    )
    book = written(tmp_path, "\ufeff" + text.replace("\n", "\r\n"), "a.vtt")
    assert book.format == "vtt" and book.timed
    assert cues(book) == [
        (1.5, 3.0, "Chào anh!"),
        (3604.0, 3606.0, "Đi thôi <3 ngay"),
    ]


def test_captions_of_youtube(tmp_path: Path) -> None:
    text = (
        "WEBVTT\nKind: captions\nLanguage: vi\n\n"
        "00:00:00.160 --> 00:00:02.310 align:start position:0%\n \n"
        "hôm<00:00:00.400><c> nay</c><00:00:00.600><c> ta</c>\n\n"
        "00:00:02.310 --> 00:00:02.320 align:start position:0%\nhôm nay ta\n \n\n"
        "00:00:02.320 --> 00:00:04.400 align:start position:0%\nhôm nay ta\n"
        "kể<00:00:02.600><c> chuyện</c>\n\n"
        "00:00:04.400 --> 00:00:04.410 align:start position:0%\nkể chuyện\n \n\n"
        "00:00:04.410 --> 00:00:06.000 align:start position:0%\nkể chuyện\n"
        "[âm<00:00:05.000><c> nhạc]</c>\n"
    )
    assert texts(written(tmp_path, text, "a.vtt")) == ["hôm nay ta", "kể chuyện", "[âm nhạc]"]


def test_places_in_the_file_stay_true(tmp_path: Path) -> None:
    text = srt("<i>Chào</i> &amp; đi", "Một hai ba\nbốn", "bốn\nnăm")
    path = tmp_path / "a.srt"
    path.write_text(text, encoding="utf-8")
    for paragraph in read_book(path).chapters[0].paragraphs:
        assert text[paragraph.start :].startswith(paragraph.text.split()[0])


# Times


@pytest.mark.parametrize(
    "times",
    [
        "00:00:01,000 --> 00:00:02,500",
        "0:0:1,0-->0:0:2,5",
        "00:01.000 --> 00:02.500",
        "00:01,000  -->  00:02,500",
        "00:00:01.000 –> 00:00:02.500 X1:100 X2:200 Y1:1 Y2:2",
        "00:00:01:000 -> 00:00:02:500",
        "00:00:01 --> 00:00:02.5",
    ],
)
def test_every_way_to_write_times(tmp_path: Path, times: str) -> None:
    assert cues(written(tmp_path, f"1\n{times}\nChào anh.\n")) == [(1.0, 2.5, "Chào anh.")]


def test_a_time_in_a_text_is_text(tmp_path: Path) -> None:
    book = written(tmp_path, srt("Lúc 10:30 --> đi", "Từ 08:00 đến 09:00.", "a -> b"))
    assert texts(book) == ["Lúc 10:30 --> đi", "Từ 08:00 đến 09:00.", "a -> b"]


def test_cues_out_of_order_are_put_in_order(tmp_path: Path) -> None:
    text = "1\n00:00:05,000 --> 00:00:06,000\nHai.\n\n2\n00:00:01,000 --> 00:00:02,000\nMột.\n"
    assert texts(written(tmp_path, text)) == ["Một.", "Hai."]


@pytest.mark.parametrize("end", ["00:00:01,000", "00:00:00,000", "00:00:00,999"])
@pytest.mark.parametrize("next_s", [1, 2, 40])
def test_a_length_that_is_none_is_made_up(tmp_path: Path, end: str, next_s: int) -> None:
    text = (
        f"1\n00:00:01,000 --> {end}\nMột câu dài vừa phải thôi.\n\n"
        f"2\n00:00:{next_s:02},000 --> 00:00:45,000\nHai.\n"
    )
    book = written(tmp_path, text)
    begin_s, end_s, _ = cues(book)[0]
    assert begin_s == 1 and 1.4 < end_s < 4 and (next_s == 1 or end_s <= next_s)
    assert len(book.mended) == 1


def test_many_such_are_reported_in_short(tmp_path: Path) -> None:
    book = written(
        tmp_path, srt(*["Câu."] * 9).replace(",000 -->", ",500 -->").replace("02,000\n", "00,000\n")
    )
    assert len(book.mended) <= 4


def test_no_subtitle_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="no subtitle"):
        written(tmp_path, "WEBVTT\n\nNOTE nothing\n", "a.vtt")


# Tags


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (r"Đi thôi\NMau lên", "Đi thôi Mau lên"),
        (r"Đi\hthôi\n- Ừ", "Đi thôi - Ừ"),
        ("A&nbsp;B &quot;C&quot; &#39;D&#39; &#x41;", "A B \"C\" 'D' A"),
        ("{\\an8\\fad(0,200)}Trên {\\i1}cao{\\i0}", "Trên cao"),
        ("{y:b,i}Nghiêng {c:$0000ff}đỏ", "Nghiêng đỏ"),
        ('<font face="Arial" size="20" color=red>Chữ</font>', "Chữ"),
        ("<c.colorE5E5E5>một<00:00:00.400><c> hai</c></c>", "một hai"),
        ("<lang vi>Ch<i>à</i>o</lang> em<b>!</b>", "Chào em!"),
        ("a < b và b > c", "a < b và b > c"),
        ("R&B và AT&T; {không phải thẻ}", "R&B và AT&T; {không phải thẻ}"),
        (r"C:\Nhac\hay", r"C:\Nhac\hay"),
    ],
)
def test_what_marks_the_look_is_silent(tmp_path: Path, body: str, wanted: str) -> None:
    assert texts(written(tmp_path, srt(body))) == [wanted]


# Captions that roll


@pytest.mark.parametrize(
    ("bodies", "wanted"),
    [
        (["một hai", "một hai\nba bốn", "ba bốn\nnăm"], ["một hai", "ba bốn", "năm"]),
        (["a b\nc d", "c d\ne f", "e f\ng"], ["a b c d", "e f", "g"]),
        (["đò", "đò ơi", "đò ơi chờ", "đò ơi chờ với"], ["đò", "ơi", "chờ", "với"]),
        (["một hai", "một hai", "một hai\nba"], ["một hai", "ba"]),
        (["mở đầu", "<c>mở</c> đầu\nrồi <00:00:03.000><c>sao</c>"], ["mở đầu", "rồi sao"]),
        (
            ["Chào.", "Anh đi đâu đó?", "Ra bến.", "Thế à?", "Trời sắp mưa rồi",
             "Trời sắp mưa rồi\nvề thôi em", "Vâng."],
            ["Chào.", "Anh đi đâu đó?", "Ra bến.", "Thế à?", "Trời sắp mưa rồi", "về thôi em",
             "Vâng."],
        ),
    ],
)  # fmt: skip
def test_rolling_captions_are_read_once(
    tmp_path: Path, bodies: list[str], wanted: list[str]
) -> None:
    assert texts(written(tmp_path, srt(*bodies))) == wanted


@pytest.mark.parametrize(
    "bodies",
    [
        ["Không!", "Không!", "Tôi không đi."],
        ["Đi thôi.", "Đi thôi.", "Đi thôi."],
        ["Chờ đã.", "Ai đó?", "Ai đó? Trả lời đi.", "Là tôi.", "Vào đi.", "Cám ơn."],
        ["- Anh ơi!\n- Gì?", "- Gì nữa?\n- Về thôi."],
        ["Một.", "Hai."],
    ],
)
def test_what_people_say_again_is_read_again(tmp_path: Path, bodies: list[str]) -> None:
    wanted = [body.replace("\n", " ") for body in bodies]
    assert texts(written(tmp_path, srt(*bodies))) == wanted


def test_captions_apart_do_not_roll(tmp_path: Path) -> None:
    text = srt("một hai ba", "một hai ba\nbốn").replace("00:00:02,000 -->", "00:00:03,000 -->")
    assert texts(written(tmp_path, text)) == ["một hai ba", "một hai ba bốn"]
