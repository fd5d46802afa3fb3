"""The chosen voice's sample and papers, and the line about better voices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLAYED = """
window.played = [];
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  window.played.push(this.src);
  return play.call(this);
};
"""


def test_a_voice_is_heard_before_it_is_chosen(visit: Any) -> None:
    page = (seen := visit(prepare=PLAYED)).page
    button = page.locator("[data-sample]")
    assert button.inner_text() == "Nghe thử"
    button.click()
    assert button.inner_text() == "Dừng nghe thử"
    seen.until("window.played.length === 1")
    assert page.evaluate("window.played[0]").startswith("blob:")
    page.click(".papers summary")
    page.get_by_text("giây cho một giây tiếng").wait_for()  # what was measured when it was made
    page.locator("[data-group=voice] label").nth(1).click()  # another voice: the sample stops
    assert button.inner_text() == "Nghe thử"
    asked = [request.url for request in seen.requests if request.url.endswith("/sample")]
    assert len(asked) == 1
    button.click()
    seen.until("window.played.length === 2")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"


def test_its_papers_are_shown_in_both_languages(visit: Any) -> None:
    page = visit().page
    assert page.inner_text("[data-licence]") == "Được dùng thương mại"
    page.click(".papers summary")
    told = page.inner_text(".papers dl")
    assert "GPL-3.0-or-later" in told
    assert "không phải giọng của ai" in told
    page.click("[data-language=en]")
    assert page.inner_text("[data-licence]") == "Commercial use allowed"
    assert "it is nobody's voice" in page.inner_text(".papers dl")


def test_one_line_says_that_better_voices_can_be_had(visit: Any, serve: Callable[..., Any]) -> None:
    page = visit().page
    line = page.inner_text("[data-better]")
    assert line.startswith("Có thể có giọng hay hơn")
    assert " models pull " in page.inner_text("[data-better] code")
    chosen = visit(serve(engine="espeak")).page
    assert chosen.locator("[data-better]").is_hidden()


def test_a_sample_that_cannot_be_had_says_so(visit: Any) -> None:
    page = (seen := visit()).page
    seen.expected.append("503")
    page.route("**/sample", lambda route: route.fulfill(status=503, body="{}"))
    page.click("[data-sample]")
    assert "chưa sẵn sàng" in seen.error("voice")
    assert page.inner_text("[data-sample]") == "Nghe thử"
