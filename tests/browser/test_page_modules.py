"""The page's modules on their own: places in a text, and what is kept of the sound."""

from __future__ import annotations

import random
import unicodedata
from typing import Any

import pytest

LETTERS = ["a", "ế", "e\u0302\u0301", "🙂", "👨‍👩‍👧", "𝔸", " ", " ", "\n", ".", "…”", "Đ", "🇻🇳"]


@pytest.fixture(scope="module")
def page(browser: Any, serve: Any) -> Any:
    """A page that can import the modules."""
    page = browser.new_page()
    page.goto(serve().url)
    yield page
    page.close()


def test_code_points_become_utf16(page: Any) -> None:
    choose = random.Random(1)
    for _ in range(20):
        text = "".join(choose.choices(LETTERS, k=60))
        offsets = page.evaluate(
            """async ([text, count]) => {
              const { utf16Offsets } = await import("/page/text.js");
              const at = utf16Offsets(text);
              return Array.from({ length: count + 1 }, (_, i) => at(i));
            }""",
            [text, len(text)],
        )
        assert offsets == [len(text[:i].encode("utf-16-le")) // 2 for i in range(len(text) + 1)]


@pytest.mark.parametrize("blanks", [" \n.", " ", ""], ids=["prose", "no-sentences", "no-blanks"])
def test_parts_are_the_whole_text(page: Any, blanks: str) -> None:
    choose = random.Random(2)
    letters = [letter for letter in LETTERS if letter not in " \n.…”"] * 2 + list(blanks)
    text = "".join(choose.choices(letters, k=12_000))
    parts = page.evaluate(
        """async (text) => {
          const { partEnd } = await import("/page/text.js");
          const parts = [];
          for (let at = 0; at < text.length; at = partEnd(text, at)) {
            parts.push(text.slice(at, partEnd(text, at)));
          }
          return parts;
        }""",
        text,
    )
    assert "".join(parts) == text
    assert len(parts) >= 3
    assert max(map(len, parts)) <= 3600
    assert not any(unicodedata.combining(part[0]) for part in parts)
    if "." in blanks:
        assert all(part[-1] in " \n" for part in parts[:-1])


def test_lone_surrogates_are_replaced_in_place(page: Any) -> None:
    sendable = page.evaluate(
        """async () => {
          const { sendable } = await import("/page/text.js");
          return sendable("a\\ud83db\\ude42c🙂");
        }"""
    )
    assert sendable == "a\ufffdb\ufffdc🙂"


def test_file_names_are_plain(page: Any) -> None:
    names = page.evaluate(
        """async (texts) => {
          const { fileName } = await import("/page/files.js");
          return texts.map((text) => fileName(text, ".mp3"));
        }""",
        ["Đường về: nhà!", "***\n\nChương 1", "🙂", "../../etc/passwd", "a" * 500],
    )
    assert names[:4] == ["duong-ve-nha.mp3", "chuong-1.mp3", "son-ca.mp3", "etc-passwd.mp3"]
    assert len(names[4]) <= 64


def test_what_is_read_is_what_was_received(page: Any) -> None:
    """Against a plain array: appending in odd pieces, cutting, forgetting."""
    result = page.evaluate(
        """async () => {
          const { Timeline, RATE_HZ } = await import("/page/timeline.js");
          const timeline = new Timeline();
          let plain = [];
          let value = 0;
          const append = (count) => {
            const next = () => (value = (value + 7919) % 32768);
            const piece = Int16Array.from({ length: count }, next);
            timeline.append(piece);
            plain = plain.concat([...piece]);
          };
          for (const count of [1, RATE_HZ - 1, RATE_HZ, 5000, 43210]) append(count);
          timeline.truncate(2.5);
          plain = plain.slice(0, 2.5 * RATE_HZ);
          append(RATE_HZ * 2 + 17);
          const read = [...timeline.read(100, timeline.length)].map((v) => v * 32768);
          const same = read.length === plain.length - 100
            && read.every((v, i) => v === plain[i + 100]);
          timeline.forget(2.2);
          const gone = [...timeline.read(0, 2 * RATE_HZ)].every((v) => v === 0);
          const kept = [...timeline.read(2 * RATE_HZ, timeline.length)]
            .every((v, i) => v * 32768 === plain[2 * RATE_HZ + i]);
          return { same, gone, kept, start: timeline.start, end: timeline.end };
        }"""
    )
    assert result["same"]
    assert result["gone"]
    assert result["kept"]
    assert result["start"] == 2
    assert result["end"] == pytest.approx(2.5 + 2 + 17 / 24000)


def test_an_hour_of_sound_keeps_a_bounded_outline(page: Any) -> None:
    result = page.evaluate(
        """async () => {
          const { Timeline, RATE_HZ } = await import("/page/timeline.js");
          const timeline = new Timeline();
          const loud = new Int16Array(RATE_HZ).fill(16384);
          const quiet = new Int16Array(RATE_HZ).fill(-1638);
          for (let s = 0; s < 3600; s++) {
            timeline.append(s < 1800 ? quiet : loud);
            if (s % 60 === 0) timeline.forget(s - 60);
          }
          const { outline } = timeline;
          return {
            blocks: timeline.blocks.length,
            bins: outline.peaks.length,
            quiet: outline.loudness(600, 660),
            loud: outline.loudness(3000, 3060),
          };
        }"""
    )
    assert result["blocks"] <= 181
    assert result["bins"] == 4096
    assert result["quiet"] == pytest.approx(0.05, abs=0.001)
    assert result["loud"] == pytest.approx(0.5, abs=0.001)
