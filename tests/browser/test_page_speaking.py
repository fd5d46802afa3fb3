"""Speaking: the page plays what the server makes, while it makes it, and marks what is heard."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

STORY = (
    "Trời vừa hửng sáng. Một con sơn ca bay vút lên khỏi ruộng lúa còn đẫm sương.\n\n"
    "Bà cụ dừng tay cấy. Đứa bé hỏi: bà ơi, chim gì hót hay thế?"
)
# Emoji outside the BMP, one of several code points, letters apart from their accents.
MIXED = (
    "🙂🙂 Xin chào các bạn thân mến! 👨‍👩‍👧 Hôm nay trời đẹp lắm. "
    + unicodedata.normalize("NFD", "Tiếng Việt viết rời từng dấu vẫn đọc được.")
    + " 𝔸 Câu cuối cùng ở đây 🎉."
)

# Reads back, from where the boxes are on the screen, which text they lie behind.
WATCH_MARKS = """() => {
  const reader = document.querySelector("#reader");
  const offset = (x, y) => {
    const caret = document.caretPositionFromPoint(x, y);
    const lines = [...reader.children];
    const line = caret.offsetNode.parentElement.closest(".line");
    const before = lines.slice(0, lines.indexOf(line));
    return before.reduce((sum, p) => sum + p.firstChild.data?.length + 1 || sum + 1, caret.offset);
  };
  window.seen = { sentence: [], word: [] };
  const note = (kind) => {
    const boxes = [...reader.querySelectorAll(`.mark.${kind}`)];
    if (!boxes.length) return;
    const [first, last] = [boxes[0], boxes.at(-1)].map((box) => box.getBoundingClientRect());
    const view = reader.getBoundingClientRect();
    if (first.top < view.top || last.bottom > view.bottom) return; // scrolled away
    const padding = kind === "sentence" ? 5 : 2;
    const from = offset(first.left + padding + 0.5, (first.top + first.bottom) / 2);
    const to = offset(last.right - padding - 0.5, (last.top + last.bottom) / 2);
    const text = document.querySelector("#text").value.slice(from, to);
    if (seen[kind].at(-1) !== text) seen[kind].push(text);
  };
  new MutationObserver(() => { note("sentence"); note("word"); })
    .observe(reader, { childList: true, subtree: true });
}"""

# Every buffer that the page hands to the audio device: when it starts, and its samples.
WATCH_SOUND = """
window.played = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when) {
  played.push({ when, rate: this.buffer.sampleRate, samples: this.buffer.getChannelData(0) });
  return start.call(this, when);
};
"""

WATCH_WAITS = """() => {
  window.waits = 0;
  const count = () => (window.waits += document.body.dataset.state === "waiting");
  new MutationObserver(count).observe(document.body, { attributeFilter: ["data-state"] });
}"""


def texts(text: str, marks: list[dict[str, Any]], kind: str) -> list[str]:
    """What the server says is heard: the marks' spans in code points of `text`."""
    return [text[mark["start"] : mark["end"]] for mark in marks if mark["kind"] == kind]


def is_subsequence(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(item in rest for item in part)


@pytest.mark.parametrize("text", [STORY, MIXED], ids=["story", "emoji-and-nfd"])
def test_marks_what_the_server_says_is_heard(visit: Any, server: Any, text: str) -> None:
    page = (seen := visit(reduced_motion="reduce")).page
    page.evaluate(WATCH_MARKS)
    seen.speak(text)
    seen.state("ended")
    _, marks = server.speech(text, **{k: seen.sent()[0][k] for k in ("voice", "model", "speed")})
    sentences = texts(text, marks, "sentence")
    assert len(sentences) >= 4
    assert page.evaluate("seen.sentence") == sentences
    words = page.evaluate("seen.word")
    # A busy machine may draw no frame during a short word, so some may be missing, none added.
    assert len(set(words)) >= 5
    assert is_subsequence(words, texts(text, marks, "word"))


def test_the_mark_belongs_to_the_moment(visit: Any, server: Any) -> None:
    page = (seen := visit(reduced_motion="reduce")).page
    seen.speak(STORY)
    seen.until("!document.querySelector('#total').textContent.includes('~')")
    page.click("#speak")
    seen.state("paused")
    page.evaluate(WATCH_MARKS)
    page.focus("#wave")
    page.keyboard.press("Home")
    seen.until("document.querySelector('#elapsed').textContent === '0:00'")
    page.keyboard.press("ArrowRight")
    seen.until("document.querySelector('#elapsed').textContent === '0:05'")
    _, marks = server.speech(STORY, **{k: seen.sent()[0][k] for k in ("voice", "model", "speed")})
    begun = [mark for mark in marks if mark["kind"] == "sentence" and mark["time_s"] <= 5]
    assert page.evaluate("seen.sentence.at(-1)") == texts(STORY, begun, "sentence")[-1]


def test_plays_while_the_server_still_speaks(visit: Any, slow: Any) -> None:
    page = (seen := visit(slow)).page
    seen.speak("một hai ba bốn năm sáu bảy tám chín mười " * 5)
    assert slow.metric("sonca_queue_depth") == 1
    assert page.evaluate("document.querySelector('#total').textContent").startswith("/ ~")
    page.click("#stop")


def test_plays_every_sample_once_without_a_gap(visit: Any, slow: Any) -> None:
    text = "Một câu ngắn.\nHai câu dài hơn một chút.\nBa câu."
    page = (seen := visit(slow, prepare=WATCH_SOUND)).page
    page.evaluate(WATCH_WAITS)
    seen.speak(text)
    seen.state("ended")
    gaps = page.evaluate(
        "played.slice(1).map((b, i) => b.when - played[i].when - played[i].samples.length / b.rate)"
    )
    pcm = bytes(
        page.evaluate(
            "[...new Uint8Array(Int16Array.from(played.flatMap((b) => [...b.samples]),"
            " (s) => s * 32768).buffer)]"
        )
    )
    sound, _ = slow.speech(text, voice=seen.sent()[0]["voice"])
    # A machine that is too busy to keep up may run dry, and then the page says that it waits.
    assert sum(abs(gap) > 1e-6 for gap in gaps) <= page.evaluate("waits")
    assert sum(abs(gap) <= 1e-6 for gap in gaps) >= 2
    assert hashlib.sha256(pcm).digest() == hashlib.sha256(sound).digest()


def test_waveform_shows_the_sound(visit: Any) -> None:
    tallest = """() => {
      const canvas = document.querySelector("#wave");
      const { width, height } = canvas;
      const pixels = canvas.getContext("2d").getImageData(0, 0, width, height);
      let most = 0;
      for (let x = 20; x < width; x++) {
        let tall = 0;
        for (let y = 0; y < height; y++) tall += pixels.data[4 * (y * width + x) + 3] > 128;
        if (tall < height) most = Math.max(most, tall); // the line at the position has full height
      }
      return most;
    }"""
    page = (seen := visit()).page
    seen.expected.append("willReadFrequently")  # this test reads the canvas, the page does not
    assert page.evaluate(tallest) <= 4  # a row of dots
    seen.speak(STORY)
    seen.until(f"({tallest})() > 12")


def test_stop_frees_the_server(visit: Any, slow: Any) -> None:
    page = (seen := visit(slow)).page
    before = slow.metric("sonca_cancelled_requests_total")
    seen.speak("một hai ba bốn năm sáu bảy tám chín mười " * 20)
    page.click("#stop")
    seen.state("stopped")
    assert page.locator("#text").is_visible()
    assert page.locator("#text").is_enabled()
    wait_until(page, lambda: slow.metric("sonca_cancelled_requests_total") == before + 1)
    wait_until(page, lambda: slow.metric("sonca_requests_in_flight") == 0)


def test_pause_holds_and_resume_goes_on(visit: Any) -> None:
    page = (seen := visit()).page
    seen.speak(STORY)
    seen.until("document.querySelector('#elapsed').textContent === '0:01'")
    page.click("#speak")
    seen.state("paused")
    held = page.get_attribute("#wave", "aria-valuenow"), page.inner_text("#elapsed")
    page.wait_for_timeout(700)
    assert held == (page.get_attribute("#wave", "aria-valuenow"), page.inner_text("#elapsed"))
    assert page.locator(".mark.sentence").count() >= 1
    page.click("#speak")
    seen.state("playing")
    seen.until("document.querySelector('#elapsed').textContent >= '0:03'")
    assert len(seen.sent()) == 1


def test_a_click_on_a_sentence_goes_there(visit: Any) -> None:
    page = (seen := visit(reduced_motion="reduce")).page
    seen.speak(STORY)
    seen.until("!document.querySelector('#total').textContent.includes('~')")
    page.evaluate(WATCH_MARKS)
    page.locator("#reader .line").last.click(position={"x": 60, "y": 15})
    seen.until("seen.sentence.includes('Bà cụ dừng tay cấy.')")
    assert len(seen.sent()) == 1  # it was there already


def test_a_click_far_ahead_asks_for_that_place(visit: Any) -> None:
    text = "Đây là câu mở đầu của một đoạn văn dài.\n" * 150 + "Câu này ở cuối cùng."
    page = (seen := visit(reduced_motion="reduce")).page
    seen.speak(text)
    assert len(seen.sent()[0]["input"]) < len(text)  # a long text is asked for in parts
    page.evaluate(WATCH_MARKS)
    page.locator("#reader").press("End")
    page.locator("#reader .line").last.click(position={"x": 60, "y": 15})
    seen.until("seen.sentence.includes('Câu này ở cuối cùng.')")
    assert seen.sent()[-1]["input"] == "Câu này ở cuối cùng."


def test_a_new_voice_or_speed_goes_on_at_the_same_sentence(visit: Any) -> None:
    page = (seen := visit(reduced_motion="reduce")).page
    page.evaluate(WATCH_MARKS)
    seen.speak(STORY)
    seen.until("seen.sentence.length >= 2")
    page.focus("#speed")
    page.keyboard.press("End")
    seen.until("seen.sentence.length >= 3")
    page.check("input[value=south]", force=True)
    seen.state("ended")
    first, faster, other = seen.sent()
    assert first["speed"] == 1
    assert faster["speed"] == 2
    assert faster["input"] == STORY[STORY.index("Một con") :]
    assert other["voice"] != first["voice"]
    assert STORY.endswith(other["input"])


def test_hears_a_finished_text_again_without_asking(visit: Any) -> None:
    page = (seen := visit()).page
    page.focus("#speed")
    page.keyboard.press("End")
    seen.speak("Xin chào các bạn. Hẹn gặp lại.")
    seen.state("ended")
    page.focus("#wave")
    page.keyboard.press("Home")
    seen.state("playing")
    seen.state("ended")
    assert len(seen.sent()) == 1


def test_a_long_text_is_followed_through_its_parts(visit: Any) -> None:
    """Parts are joined where they meet: the page asks for the next before the last is heard."""
    page = (seen := visit(reduced_motion="reduce")).page
    text = "\n".join(f"Đoạn số {i} kể về một ngày nắng đẹp trên cánh đồng." for i in range(1, 101))
    seen.speak(text)
    page.focus("#wave")

    def skip() -> bool:
        page.keyboard.press("End")
        return len(seen.sent()) >= 2

    wait_until(page, skip)
    first, second = seen.sent()[:2]
    assert text.startswith(first["input"] + second["input"])


def cut(route: Any, share: float) -> None:
    """Answer with the beginning of what the server says: the connection broke."""
    events = route.fetch().text().split("\n\n")
    kept = "\n\n".join(events[: int(len(events) * share)]) + "\n\n"
    route.fulfill(status=200, content_type="text/event-stream", body=kept)


def test_a_broken_connection_is_taken_up_again(visit: Any, server: Any) -> None:
    page = (seen := visit(reduced_motion="reduce")).page
    page.route("**/audio/speech", lambda route: cut(route, 0.6), times=1)
    page.evaluate(WATCH_MARKS)
    seen.speak(STORY)
    seen.state("ended")
    first, second = seen.sent()
    _, marks = server.speech(STORY, voice=first["voice"])
    sentences = texts(STORY, marks, "sentence")
    assert page.evaluate("seen.sentence") == sentences
    assert STORY.endswith(second["input"])
    assert second["input"].startswith(tuple(sentences[1:]))


def test_what_came_before_an_error_is_heard_to_its_end(visit: Any) -> None:
    page = (seen := visit(reduced_motion="reduce")).page
    seen.expected.append("status of 500")
    page.evaluate(WATCH_MARKS)
    failed = {"error": {"message": "the engine broke", "code": "engine_error"}}
    page.route("**/audio/speech", lambda route: route.fulfill(status=500, json=failed))
    page.route("**/audio/speech", lambda route: cut(route, 0.5), times=1)
    seen.speak(STORY)
    assert "the engine broke" in seen.error("player")
    assert page.locator("#reader").is_visible()
    seen.state("idle")
    assert page.locator("#text").is_visible()
    assert page.evaluate("seen.sentence.length") >= 1
    assert "the engine broke" in seen.error("player")


def wait_until(page: Any, condition: Callable[[], bool]) -> None:
    """Wait in small steps, letting the page go on meanwhile."""
    for _ in range(300):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not happen within 30 s")
