"""Files: the speech saved in each format, and texts that are opened or dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest

from tests.browser.page_helpers import drop

CODECS = {
    "wav": ("pcm_s16le", "wav"),
    "mp3": ("mp3", "mp3"),
    "opus": ("opus", "opus"),
    "flac": ("flac", "flac"),
    "aac": ("aac", "aac"),
}


@pytest.mark.parametrize("format", CODECS)
def test_saves_a_file_that_players_know(
    visit: Any, server: Any, tmp_path: Path, format: str
) -> None:
    text = "Đường về: nhà\nXin chào các bạn. Hôm nay trời đẹp."
    page = visit().page
    page.fill("#text", text)
    with page.expect_download() as download:
        page.click(f"[data-format={format}]")
    codec, suffix = CODECS[format]
    assert download.value.suggested_filename == f"duong-ve-nha.{suffix}"
    path = tmp_path / "saved"
    download.value.save_as(path)
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name.startswith(codec)
        rate_hz = stream.rate
        samples = sum(frame.samples for frame in container.decode(stream))
    sound, _ = server.speech(text, voice=page.input_value("input[name=voice]:checked"))
    assert samples / rate_hz == pytest.approx(len(sound) / 2 / 24000, abs=0.3)
    assert "Đã lưu" in page.inner_text("[data-progress]")


def test_a_file_can_be_given_up(visit: Any, slow: Any) -> None:
    page = visit(slow).page
    page.fill("#text", "một hai ba bốn năm sáu bảy tám chín mười " * 20)
    page.click("[data-format=mp3]")
    assert "Đang tạo MP3" in page.inner_text("[data-progress]")
    page.click("[data-cancel]")
    page.locator("[data-cancel]").wait_for(state="hidden")
    assert page.inner_text("[data-progress]") == ""


def test_nothing_is_saved_of_an_empty_text(visit: Any) -> None:
    page = (seen := visit()).page
    page.fill("#text", "")
    page.click("[data-format=mp3]")
    assert "Chưa có gì để đọc" in seen.error("text")
    assert not seen.sent()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1258"], ids=["utf8", "bom", "utf16", "cp1258"]
)
def test_a_dropped_text_file_is_shown(visit: Any, encoding: str) -> None:
    # Windows' Vietnamese code page has no letters with a tone, so those are two characters.
    text = "Xin chào\r\nSơn ca bay lên" if encoding != "cp1258" else "Ðêm trăng\r\nSơn ca bay lên"
    text = text.replace("Ð", "Đ")
    page = visit().page
    drop(page, "truyen.txt", text.encode(encoding))
    page.wait_for_function(
        "(text) => document.querySelector('#text').value === text", arg=text.replace("\r\n", "\n")
    )


def test_a_picture_is_no_text(visit: Any) -> None:
    page = (seen := visit()).page
    before = page.input_value("#text")
    drop(page, "anh.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    assert "“anh.png” không phải tệp văn bản" in seen.error("text")
    assert page.input_value("#text") == before


def test_a_file_is_opened_with_the_button(visit: Any, tmp_path: Path) -> None:
    path = tmp_path / "bai.txt"
    path.write_text("Bài đọc hôm nay.", "utf-8")
    page = visit().page
    with page.expect_file_chooser() as chooser:
        page.click("#open")
    chooser.value.set_files(path)
    page.wait_for_function("() => document.querySelector('#text').value === 'Bài đọc hôm nay.'")
