"""Files of every format as books, and files that mean harm."""

from __future__ import annotations

import contextlib
import random
import unicodedata
import zipfile
from pathlib import Path

import pytest

from sonca.book import limits
from sonca.book.model import Book
from sonca.book.sources import encodings, markup, read_book
from sonca.errors import InvalidRequest, NothingToSay
from tests.book.book_files import C1, C2, CONTAINER, PACKAGE, docx_parts, epub_parts, pack
from tests.book.book_helpers import STORY


def outline(book: Book) -> list[tuple[str, list[str]]]:
    return [(c.title, [p.text for p in c.paragraphs if p.kind == "body"]) for c in book.chapters]


def unspoken(book: Book) -> list[tuple[str, str]]:
    return [(part.reason, part.text) for part in book.unspoken]


# Encodings

TEXT = unicodedata.normalize("NFC", STORY.read_text(encoding="utf-8"))


def to_viscii(text: str) -> bytes:
    table = {letter: code for code, letter in encodings._viscii_table().items()}
    return bytes(table.get(c, ord(c)) for c in text)


def to_tcvn3(text: str) -> bytes:
    """Capitals with a tone are small letters in another font."""
    table = {letter: code for code, letter in encodings._tcvn3_table().items()}
    return bytes(table.get(c) or table.get(c.lower()) or ord(c) for c in text)


def to_vni(text: str) -> bytes:
    singles = {letter: code for code, letter in encodings._VNI_SINGLES.items()}
    marks = {mark: code for code, mark in encodings._VNI_MARKS.items()}
    out = []
    for char in text:
        decomposed = unicodedata.normalize("NFD", char)
        if char in singles:
            out.append(singles[char])
        elif char in "íìÍÌ" or len(decomposed) == 1:
            out.append(char)
        else:
            shape = [m for m in decomposed[1:] if m in "\u0302\u0306"]
            horn = "\u031b" in decomposed
            tone = [m for m in decomposed[1:] if m not in "\u0302\u0306\u031b"]
            base = unicodedata.normalize("NFC", decomposed[0] + ("\u031b" if horn else ""))
            sign = marks.get("".join(shape + tone), "")
            out.append(singles.get(base, base) + (sign.upper() if char.isupper() else sign))
    return "".join(out).encode("cp1252")


def to_windows_1258(text: str) -> bytes:
    out = []
    for char in text:
        try:
            out.append(char.encode("cp1258"))
        except UnicodeEncodeError:
            marks = unicodedata.normalize("NFD", char)
            tone = next(m for m in marks if m in "\u0300\u0301\u0303\u0309\u0323")
            base = unicodedata.normalize("NFC", marks.replace(tone, ""))
            out.append(base.encode("cp1258") + tone.encode("cp1258"))
    return b"".join(out)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]
)
def test_unicode_in_every_form_is_found_out(encoding: str) -> None:
    assert encodings.decode(TEXT.encode(encoding))[0] == TEXT


@pytest.mark.parametrize(
    ("name", "encode"),
    [
        ("viscii", to_viscii),
        ("vni", to_vni),
        ("tcvn3", to_tcvn3),
        ("windows-1258", to_windows_1258),
    ],
)
@pytest.mark.parametrize("size", [200, 8000])
def test_old_encodings_are_found_out(name: str, encode, size: int) -> None:  # type: ignore[no-untyped-def]
    text = TEXT[60:size]
    found, encoding = encodings.decode(encode(text))
    assert encoding == name
    assert found.lower() == text.lower()
    assert encodings.decode(encode(text), name)[0] == found
    if name != "tcvn3":
        assert found == text


def test_capitals_of_tcvn3_come_back() -> None:
    found, _ = encodings.decode(
        to_tcvn3("NGỌN ĐÈN Ở BẾN LẠC\nÔng Thoại bảy mươi mốt tuổi."), "tcvn3"
    )
    assert found.startswith("NGỌN ĐÈN") and "BẾN LẠC\nÔng Thoại bảy" in found


@pytest.mark.parametrize("seed", range(20))
def test_bytes_that_are_no_text_are_refused(seed: int) -> None:
    data = random.Random(seed).randbytes(3000)
    with pytest.raises(InvalidRequest):
        encodings.decode(data)


def test_an_encoding_that_is_wrong_or_unknown_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="UTF-16"):
        encodings.decode(b"abc", "utf-16-le")
    with pytest.raises(InvalidRequest, match="tcvn3"):
        encodings.decode(b"abc", "ebcdic")


# Formats


def test_plain_text_keeps_every_place(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    wrapped = (
        "Dòng này bị ngắt ở giữa câu vì nó quá dài,\nnên đoạn văn đi tiếp ở đây.\n\nĐoạn hai.\n"
    )
    path.write_text("  Đầu.  \n" + wrapped, encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    paragraphs = read_book(path).chapters[0].paragraphs
    assert [p.text for p in paragraphs] == [
        "Đầu.",
        wrapped.split("\n\n")[0].replace("\n", " "),
        "Đoạn hai.",
    ]
    flat = text.replace("\n", " ")
    assert all(flat[p.start :].startswith(p.text) for p in paragraphs)


def test_markdown(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "---\ntitle: Bến Lạc\nauthor: Nguyễn A\n---\n\n# Sáng\n\nTrời *sáng* dần\ntrên [sông](x)."
        "\n\n"
        "- một\n- hai\n\n```\ncode()\n```\n\n# Chiều\n\n"
        "> Gió `thổi`.\n\n---\n\n![đò](d.png) Hết.\n",
        encoding="utf-8",
    )
    book = read_book(path)
    assert (book.title, book.author) == ("Bến Lạc", "Nguyễn A")
    assert outline(book) == [
        ("Sáng", ["Trời sáng dần trên sông.", "một", "hai"]),
        ("Chiều", ["Gió thổi.", "Hết."]),
    ]
    assert unspoken(book) == [("code", "code()"), ("picture", "đò")]


def test_html(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(
        "<html><head><title>Bến Lạc</title><meta name=author content='Nguyễn A'></head><body>"
        "<nav>Trang chủ</nav><h2>Sáng</h2><p>Trời&nbsp;sáng <b>dần</b><p>Nước lên"
        "<script>x()</script>"
        "<div hidden>ẩn</div><h2>Chiều</h2>Gió <i>thổi<p>Hết</body>",
        encoding="utf-8",
    )
    book = read_book(path)
    assert (book.title, book.author) == ("Bến Lạc", "Nguyễn A")
    assert outline(book) == [
        ("Sáng", ["Trời\xa0sáng dần", "Nước lên"]),
        ("Chiều", ["Gió thổi", "Hết"]),
    ]
    assert unspoken(book) == [("contents", "Trang chủ"), ("hidden", "ẩn")]


def xhtml(body: str, head: str = "<title/>") -> str:
    return (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head>{head}</head><body>{body}</body></html>'
    )


@pytest.mark.parametrize("end", ["", "</b>"], ids=["well-formed", "broken"])
def test_elements_of_xhtml_may_be_empty(tmp_path: Path, end: str) -> None:
    body = (
        "<a id='a'/><h2 hidden=''/><p>Trời<span epub:type='pagebreak'/> sáng</p><script src='x'/>"
        f"<p>Nước &ecirc;m</p>{end}"
    )
    path = pack(tmp_path / "a.epub", epub_parts(c1=xhtml(body)))
    assert outline(read_book(path))[0][1] == ["Trời sáng", "Nước êm"]


def test_in_xhtml_a_heading_may_hold_anything(tmp_path: Path) -> None:
    path = tmp_path / "a.xhtml"
    body = "".join(f"<h1><p>{title}</p></h1><p>Trời sáng.</p>" for title in ("Một", "Hai"))
    path.write_text(xhtml(body), encoding="utf-8")
    assert outline(read_book(path)) == [("Một", ["Trời sáng."]), ("Hai", ["Trời sáng."])]


@pytest.mark.parametrize("contents", ["nav", "ncx"])
def test_epub(tmp_path: Path, contents: str) -> None:
    changes = (
        {}
        if contents == "nav"
        else {
            "nav": None,
            "package": PACKAGE.replace("{meta}", "")
            .replace(' properties="nav"', "")
            .replace('<itemref idref="nav"/>', ""),
        }
    )
    book = read_book(pack(tmp_path / "a.epub", epub_parts(**changes)))
    assert (book.title, book.author) == ("Bến Lạc", "Nguyễn A, Trần B")
    assert outline(book) == [
        (
            "Người lái đò",
            [
                "Bến Lạc nằm ở khúc sông hẹp nhất. Hai bên bờ là tre.".replace(". ", ".\xa0"),
                "Chiếc đò ấy\ncủa ông Thoại.",
            ],
        ),
        ("Căn nhà", ["Nhà bà Khuê nằm cuối xóm."]),
        ("Chuyến đò", ["Đêm ấy Quyên không ngủ.", "Hết."]),
    ]
    assert book.cover is not None and book.cover.media_type == "image/png"
    reasons = [reason for reason, _ in unspoken(book) if reason != "contents"]
    assert reasons == ["note mark", "note", "picture"]
    assert book.chapters[1].paragraphs[0].part == "OEBPS/text/c2.xhtml"


def test_docx(tmp_path: Path) -> None:
    book = read_book(pack(tmp_path / "a.docx", docx_parts()))
    assert (book.title, book.author) == ("Bến Lạc", "Nguyễn A")
    assert outline(book) == [
        ("Chương 1: Sáng", ["Trời sáng dần."]),
        ("Chương 2: Chiều", ["Gió thổi.", "Một dòng\nhai dòng."]),
    ]
    assert unspoken(book) == [("note", "Một ghi chú.")]


def test_subtitles(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(
        "\ufeff1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Chào</i> anh!\r\n- Chào em!\r\n\r\n"
        "2\r\n00:01:00.5 --> 00:01:02,000 X1:5\r\n{\\an8}Năm 2024.\r\n".encode()
    )
    paragraphs = read_book(path).chapters[0].paragraphs
    assert [p.slot_s for p in paragraphs] == [(1.0, 2.5), (60.5, 62.0)]
    assert [" ".join(p.text.split()) for p in paragraphs] == ["Chào anh! - Chào em!", "Năm 2024."]


# Files that mean harm, or are broken


def refused(path: Path, match: str) -> None:
    with pytest.raises(InvalidRequest, match=match) as caught:
        read_book(path)
    assert "Traceback" not in str(caught.value)


def test_a_zip_bomb(tmp_path: Path) -> None:
    bomb = "<html><body><p>" + "a" * 20_000_000 + "</p></body></html>"
    refused(pack(tmp_path / "a.epub", epub_parts(c2=bomb)), "zip bomb")
    refused(
        pack(tmp_path / "b.docx", docx_parts("<w:p>" + " " * 20_000_000 + "</w:p>")), "zip bomb"
    )


def test_many_parts_that_are_large_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 1500)
    refused(pack(tmp_path / "a.epub", epub_parts()), "unpack to over")


def test_too_many_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ENTRIES", 5)
    refused(pack(tmp_path / "a.epub", epub_parts()), "parts, the limit")


def test_a_header_that_lies_about_its_size(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.epub", epub_parts(c2=C2 + " " * 5000))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        size = file.getinfo("OEBPS/text/c2.xhtml").file_size
    at = data.find(size.to_bytes(4, "little"), 0)
    while at >= 0:
        data[at : at + 4] = (size // 2).to_bytes(4, "little")
        at = data.find(size.to_bytes(4, "little"), at + 4)
    path.write_bytes(bytes(data))
    book = read_book(path)
    assert [c.title for c in book.chapters] == ["Người lái đò", "Căn nhà", "Chuyến đò"]
    assert "c2.xhtml is damaged, and is read as far as it goes" in " ".join(book.mended)


def test_paths_that_lead_out_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret.xhtml").write_text("<p>bí mật</p>", encoding="utf-8")
    for at, name in enumerate(("../../secret.xhtml", f"{tmp_path}/secret.xhtml")):
        package = PACKAGE.replace("{meta}", "").replace("text/c2.xhtml", name)
        book = read_book(pack(tmp_path / f"{at}.epub", epub_parts(package=package)))
        assert [c.title for c in book.chapters] == ["Người lái đò"]
        assert "secret.xhtml is missing" in " ".join(book.mended)


def test_documents_that_share_an_id_are_all_read(tmp_path: Path) -> None:
    package = PACKAGE.replace("{meta}", "").replace('"c2"', '"c1"')
    book = read_book(pack(tmp_path / "a.epub", epub_parts(package=package)))
    assert [c.title for c in book.chapters] == ["Người lái đò", "Căn nhà", "Chuyến đò"]


@pytest.mark.parametrize(
    ("part", "told"), [("container", "container names no package"), ("c1", "c 1.xhtml is missing")]
)
def test_what_is_left_of_a_book_is_read(tmp_path: Path, part: str, told: str) -> None:
    book = read_book(pack(tmp_path / "a.epub", epub_parts(**{part: None})))
    assert book.chars > 50
    assert told in " ".join(book.mended)


def test_a_book_without_its_package(tmp_path: Path) -> None:
    refused(pack(tmp_path / "a.epub", epub_parts(package=None)), "package")
    parts = epub_parts(c1=None, c2=None, nav=None)
    refused(pack(tmp_path / "b.epub", parts), "no part|any other document")


def test_protection_is_named(tmp_path: Path) -> None:
    lock = (
        "<encryption xmlns='urn:oasis:names:tc:opendocument:xmlns:container'><EncryptedData>"
        "<EncryptionMethod Algorithm='{}'/></EncryptedData></encryption>"
    )
    aes = lock.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    refused(pack(tmp_path / "a.epub", epub_parts(**{"META-INF/encryption.xml": aes})), "DRM")
    fonts = lock.format("http://www.idpf.org/2008/embedding")
    path = pack(tmp_path / "b.epub", epub_parts(**{"META-INF/encryption.xml": fonts}))
    assert len(read_book(path).chapters) == 3


ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


@pytest.mark.parametrize("part", ["container", "package", "ncx"])
def test_entity_bombs_and_outside_files(tmp_path: Path, part: str) -> None:
    good = {"container": CONTAINER, "package": PACKAGE.replace("{meta}", "")}
    for name, doctype in (
        ("a", ENTITIES),
        ("b", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
    ):
        head = '<?xml version="1.0"?>'
        body = good.get(part, "<ncx><navMap/></ncx>").replace(head, "")
        changes: dict[str, str | None] = {part: head + doctype + body}
        if part == "ncx":
            changes["nav"] = None
            changes["package"] = (
                PACKAGE.replace("{meta}", "")
                .replace(' properties="nav"', "")
                .replace('<itemref idref="nav"/>', "")
            )
        refused(pack(tmp_path / f"{name}.epub", epub_parts(**changes)), "entities")


def test_entities_in_a_chapter_stay_letters(tmp_path: Path) -> None:
    text = C1.replace("<!DOCTYPE html>", ENTITIES).replace("Hai bên", "&c; Hai bên")
    book = read_book(pack(tmp_path / "a.epub", epub_parts(c1=text)))
    assert book.chars < 500


def test_xml_that_is_broken_or_deep(tmp_path: Path) -> None:
    broken = pack(tmp_path / "a.epub", epub_parts(package="<package><metadata>"))
    assert "lists no documents" in " ".join(read_book(broken).mended)
    refused(pack(tmp_path / "b.docx", docx_parts("<w:p>" * 5000 + "</w:p>" * 5000)), "depth")
    refused(pack(tmp_path / "c.docx", docx_parts("<w:p>")), "not XML")


@pytest.mark.slow
def test_html_nested_beyond_reason_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<div>" * 100_000 + "Chào" + "</div>" * 100_000, encoding="utf-8")
    assert outline(read_book(path)) == [("a", ["Chào"])]


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    ["<a href='", "<p", "<!--", "</", "<?", "<!", "&#x", "<li><ul>", "<b><p>", "<![CDATA["],
)
def test_html_of_one_piece_many_times_is_read(tmp_path: Path, piece: str) -> None:
    path = tmp_path / "a.html"
    path.write_text("<p>Chào</p>" + piece * 20_000, encoding="utf-8")
    assert outline(read_book(path))[0][1][0] == "Chào"


def test_html_that_would_keep_a_parser_busy_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markup, "_MAX_SEARCH", 10**6)
    path = tmp_path / "a.html"
    path.write_text("<p>Chào</p>" + "<div>" * 5000 + "</b>" * 5000, encoding="utf-8")
    refused(path, "never began")


@pytest.mark.parametrize("name", ["a.epub", "a.docx", "a.txt", "a.srt", "a.html", "a.md"])
def test_files_that_are_empty_or_noise(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"")
    refused(path, "empty")
    path.write_bytes(random.Random(1).randbytes(5000))
    with pytest.raises(InvalidRequest):
        read_book(path)
    path.write_bytes(b" \n\n ")
    with pytest.raises(InvalidRequest):
        read_book(path)


def test_a_book_of_nothing_but_blanks_and_pictures(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<html><body><img alt='x'><p> </p></body></html>", encoding="utf-8")
    with pytest.raises(NothingToSay):
        read_book(path)


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(300 * limits.MiB)
    refused(path, "the limit")
    path = tmp_path / "a.epub"
    with path.open("wb") as file:
        file.truncate(300 * limits.MiB)
    refused(path, "the limit")


def test_what_is_no_book(tmp_path: Path) -> None:
    refused(tmp_path / "none.txt", "does not exist")
    refused(tmp_path, "not a book")
    (tmp_path / "a.exe").write_bytes(b"MZ")
    refused(tmp_path / "a.exe", r"\.epub")
    (tmp_path / "d.txt").mkdir()
    refused(tmp_path / "d.txt", "not a file")


@pytest.mark.parametrize("seed", range(30))
def test_an_epub_with_damaged_bytes_never_ends_in_a_traceback(tmp_path: Path, seed: int) -> None:
    path = pack(tmp_path / "a.epub", epub_parts())
    data = bytearray(path.read_bytes())
    dice = random.Random(seed)
    for _ in range(dice.randrange(1, 30)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    path.write_bytes(bytes(data[: dice.randrange(len(data) // 2, len(data) + 1)]))
    with contextlib.suppress(InvalidRequest):
        read_book(path)


def test_an_epub_that_is_cut_off_is_read(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.epub", epub_parts())
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"PK\x01\x02") - 20])
    book = read_book(path)
    assert [c.title for c in book.chapters][:1] == ["Người lái đò"]
    assert "cut off" in " ".join(book.mended)
