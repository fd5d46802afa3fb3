"""The page's controls, languages and errors, with mouse, keyboard and on a phone."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}

# Everything that shows text, with its colour and the colour behind it.
CONTRASTS = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
  };
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const own = (element) => [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    if (!(own(element) || element.matches("textarea")) || element.closest(":disabled")) continue;
    if (!element.checkVisibility() || !element.getClientRects().length) continue;
    const found = ratio(rgb(getComputedStyle(element).color), behind(element));
    if (found < 4.5) low.push(`${element.tagName} ${element.textContent.trim()}: ${found}`);
  }
  const style = getComputedStyle(document.body);
  for (const name of ["--grain", "--grain-deep"]) { // the marks lie behind the text
    const box = document.createElement("b");
    box.style.color = `var(${name})`;
    document.body.append(box);
    const found = ratio(rgb(style.color), rgb(getComputedStyle(box).color));
    box.remove();
    if (found < 4.5) low.push(`text on ${name}: ${found}`);
  }
  return low;
}"""

NAMELESS = """() => [...document.querySelectorAll(
    "button, input:not([type=file]), textarea, [role=slider], [role=region], [role=group], aside")]
  .filter((element) => !(element.getAttribute("aria-label") || element.labels?.[0]?.textContent
    || element.getAttribute("aria-labelledby") || element.matches("button") && element.innerText))
  .map((element) => element.outerHTML)"""


def test_first_visit_is_ready_to_speak(visit: Any) -> None:
    page = visit().page
    assert page.evaluate("document.documentElement.lang") == "vi"
    assert page.inner_text("#speak") == "Đọc"
    sample = page.input_value("#text")
    assert "sơn ca" in sample
    assert unicodedata.is_normalized("NFC", sample)
    assert page.locator("input[name=voice]:checked").count() == 1


@pytest.mark.parametrize(("locale", "language"), [("vi-VN", "vi"), ("en-US", "en"), ("fr", "vi")])
def test_speaks_the_readers_language(visit: Any, locale: str, language: str) -> None:
    page = visit(locale=locale).page
    assert page.evaluate("document.documentElement.lang") == language


def test_the_language_is_switched_and_kept(visit: Any) -> None:
    page = (seen := visit()).page
    page.click("[data-language=en]")
    assert page.inner_text("#speak") == "Speak"
    assert page.get_attribute("#text", "placeholder").startswith("Type or paste")
    assert page.get_attribute("[data-language=en]", "aria-pressed") == "true"
    assert "Vietnamese" in page.title()
    seen.open()
    assert page.inner_text("#speak") == "Speak"
    assert page.evaluate("document.documentElement.lang") == "en"


def test_every_word_exists_in_both_languages(visit: Any) -> None:
    page = visit().page
    shown = """() => [...document.querySelectorAll("[data-word]")].map((e) => e.textContent)"""
    vietnamese = page.evaluate(shown)
    page.click("[data-language=en]")
    english = page.evaluate(shown)
    names = page.evaluate("[...document.querySelectorAll('[data-word]')].map(e => e.dataset.word)")
    assert not set(names) & set(vietnamese)
    assert not set(names) & set(english)
    same = [name for name, vi, en in zip(names, vietnamese, english, strict=True) if vi == en]
    assert not same


def test_voices_are_chosen_by_region_and_gender(visit: Any) -> None:
    page = (seen := visit()).page
    page.check("input[value=central]", force=True)
    page.check("input[value=female]", force=True)
    names = page.locator(".cards .face").all_inner_texts()
    assert len(names) >= 2
    assert all(name.startswith("Nữ") and "miền Trung (giọng máy)" in name for name in names), names
    page.locator(".cards .option").last.click()
    chosen = page.input_value("input[name=voice]:checked")
    seen.speak("Xin chào.")
    assert seen.sent()[0]["voice"] == chosen
    assert "central-female" in chosen
    seen.open()
    assert page.input_value("input[name=voice]:checked") == chosen


def test_voices_are_chosen_by_keyboard(visit: Any) -> None:
    page = visit().page
    page.focus("input[name=region]:checked")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.value") == "central"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.value") == "south"
    assert "miền Nam" in page.locator(".cards .face").first.inner_text()


def test_the_speed_is_sent_and_kept(visit: Any) -> None:
    page = (seen := visit()).page
    page.focus("#speed")
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.inner_text("#speed-value") == "0,65×"
    seen.speak("Xin chào.")
    assert seen.sent()[0]["speed"] == 0.65
    seen.open()
    assert page.inner_text("#speed-value") == "0,65×"


def test_keyboard_speaks_pauses_and_stops(visit: Any) -> None:
    page = (seen := visit()).page
    page.fill("#text", "Sơn ca hót trên cánh đồng lúa chín. Trời trong xanh và rất nhiều gió.")
    page.focus("#text")
    page.keyboard.press("End")
    page.keyboard.press("Space")
    assert page.input_value("#text").endswith("gió. ")
    page.keyboard.press("Control+Enter")
    seen.state("playing")
    assert page.evaluate("document.activeElement.id") == "reader"
    page.keyboard.press("Space")
    seen.state("paused")
    page.keyboard.press("Space")
    seen.state("playing")
    page.keyboard.press("Escape")
    seen.state("stopped")
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("!")
    assert "!" in page.input_value("#text")


def test_the_text_is_kept_and_clearing_can_be_undone(visit: Any) -> None:
    page = (seen := visit()).page
    page.fill("#text", "Giữ lấy câu này.")
    seen.open()
    assert page.input_value("#text") == "Giữ lấy câu này."
    page.click("#clear")
    assert page.input_value("#text") == ""
    page.click("#text-notice [data-way=undo]")
    assert page.input_value("#text") == "Giữ lấy câu này."
    page.click("#clear")
    seen.open()
    assert page.input_value("#text") == ""
    page.click("#text-notice [data-way=undo]")
    assert page.input_value("#text") == "Giữ lấy câu này."


def test_the_view_follows_the_voice_until_the_reader_scrolls(visit: Any) -> None:
    page = (seen := visit(reduced_motion="reduce")).page
    seen.speak("\n\n".join(f"Dòng thứ {i}." for i in range(1, 60)))
    page.focus("#wave")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    seen.until("document.querySelector('#reader').scrollTop > 100")
    page.click("#speak")  # where the voice goes on, it may come by the new place meanwhile
    seen.state("paused")
    page.hover("#reader")
    page.mouse.wheel(0, 2000)
    page.locator("#back").wait_for(state="visible")
    page.wait_for_timeout(500)  # a wheel's way takes a few frames
    away = page.evaluate("document.querySelector('#reader').scrollTop")
    page.click("#back")
    page.locator("#back").wait_for(state="hidden")
    assert page.evaluate("document.querySelector('#reader').scrollTop") < away


# Errors


def test_empty_text(visit: Any) -> None:
    page = (seen := visit()).page
    page.fill("#text", "  \n ")
    page.click("#speak")
    assert "Chưa có gì để đọc" in seen.error("text")
    assert not seen.sent()
    page.fill("#text", "Có rồi.")
    page.locator("#text-error").wait_for(state="hidden")


def test_nothing_to_say_is_told_with_the_request_id(visit: Any) -> None:
    page = (seen := visit(locale="en-US")).page
    seen.expected.append("status of 400")
    page.fill("#text", "*** --- ***")
    with page.expect_response("**/audio/speech") as answer:
        page.click("#speak")
    shown = seen.error("text")
    assert "Nothing in this text can be spoken." in shown
    assert answer.value.headers["x-request-id"] in shown
    assert page.locator("#text").is_visible()


def test_a_voice_that_is_gone(visit: Any) -> None:
    page = (seen := visit()).page
    seen.expected.append("status of 400")

    def rename(route: Any) -> None:
        body = route.request.post_data_json | {"voice": "khong-co-giong-nay"}
        route.continue_(post_data=json.dumps(body))

    page.route("**/audio/speech", rename)
    page.click("#speak")
    shown = seen.error("voice")
    assert "Máy chủ không có giọng này" in shown
    assert "khong-co-giong-nay" in shown


def test_text_over_the_limit(visit: Any, serve: Any) -> None:
    page = (seen := visit(serve(max_text_chars="40"))).page
    seen.expected.append("status of 413")
    page.fill("#text", "Câu này dài hơn bốn mươi ký tự một chút, đúng không?")
    page.click("#speak")
    assert "dài quá giới hạn" in seen.error("text")
    page.fill("#text", "Câu này ngắn.")
    page.click("#speak")
    seen.state("playing", "ended")
    assert page.locator("#text-error").is_hidden()


def test_api_key(visit: Any, serve: Any) -> None:
    page = (seen := visit(serve(api_keys="bi-mat"))).page
    seen.expected.append("status of 401")
    assert page.locator("#key-form").is_visible()
    page.fill("#key", "sai")
    page.keyboard.press("Enter")
    assert "Khoá này không đúng" in seen.error("key")
    page.fill("#key", "bi-mat")
    page.keyboard.press("Enter")
    page.locator("#key-form").wait_for(state="hidden")
    page.locator(".cards .option").first.wait_for()
    seen.speak("Xin chào.")
    assert page.evaluate("sessionStorage['sonca.key']") == "bi-mat"
    assert "bi-mat" not in page.evaluate("JSON.stringify(localStorage)")
    assert page.context.cookies() == []


def test_a_key_that_ends_while_the_page_is_open(visit: Any, serve: Any) -> None:
    """The text that was to be spoken is spoken once there is a key."""
    page = (seen := visit(serve(api_keys="bi-mat"))).page
    seen.expected.append("status of 401")
    page.click("#speak")
    page.locator("#key-error, #key-form").first.wait_for()
    page.fill("#key", "bi-mat")
    page.press("#key", "Enter")  # not to whatever has the focus by then
    seen.state("playing")


def test_a_busy_server(visit: Any) -> None:
    page = (seen := visit()).page
    seen.expected.append("status of 429")
    answer = {"error": {"message": "full", "code": "queue_full", "param": None}}
    page.route(
        "**/audio/speech",
        lambda route: route.fulfill(
            status=429, json=answer, headers={"retry-after": "7", "x-request-id": "abc"}
        ),
    )
    page.click("#speak")
    shown = seen.error("player")
    assert "thử lại sau 7 giây" in shown
    assert "abc" in shown


def test_a_server_that_is_gone(visit: Any) -> None:
    page = (seen := visit()).page
    seen.expected.append("ERR_FAILED")
    page.route("**/audio/speech", lambda route: route.abort())
    page.click("#speak")
    assert "Không kết nối được" in seen.error("player")
    page.unroute("**/audio/speech")
    page.click("#speak")
    seen.state("playing")
    assert page.locator("#player-error").is_hidden()


# How it looks


@pytest.mark.parametrize("locale", ["vi-VN", "en-US"])
def test_a_phone_never_scrolls_sideways(visit: Any, locale: str) -> None:
    page = (seen := visit(locale=locale, **PHONE)).page
    seen.expected.append("status of 400")
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits)
    seen.speak("Một từ rất dài: " + "a" * 300 + ". " + "Một dòng chữ bình thường. " * 5)
    assert page.evaluate(fits)
    box = page.locator("#speak").bounding_box()
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= 740  # always in reach
    page.click("#stop")
    page.fill("#text", "***")
    page.click("#speak")
    seen.error("text")
    assert page.evaluate(fits)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(visit: Any, scheme: str) -> None:
    page = (seen := visit(color_scheme=scheme)).page
    seen.expected.append("status of 400")
    assert page.evaluate(CONTRASTS) == []
    seen.speak()
    assert page.evaluate(CONTRASTS) == []
    page.click("#stop")
    page.fill("#text", "***")
    page.click("#speak")
    seen.error("text")
    assert page.evaluate(CONTRASTS) == []


def test_every_control_has_a_name(visit: Any) -> None:
    page = (seen := visit()).page
    assert page.evaluate(NAMELESS) == []
    seen.speak()
    assert page.evaluate(NAMELESS) == []
    assert page.get_attribute("#wave", "aria-valuetext")
    assert page.locator("#status").get_attribute("role") == "status"
    assert page.inner_text("#status") == "Đang đọc"
