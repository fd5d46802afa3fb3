"""A real Sonca server and a real Chromium for the page's tests.

Chromium is Debian's, found on the path; without one every test here is skipped and says so.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
WAIT_MS = 30_000

# An engine as other people would bring one: deterministic tones, half as fast as they play.
SLOW_ENGINE = """
import time
from sonca.engines.tone import ToneEngine

class SlowEngine(ToneEngine):
    def synthesize(self, utterance, voice, options):
        for chunk in super().synthesize(utterance, voice, options):
            time.sleep(0.5 * chunk.duration_s)
            yield chunk
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            if CHROMIUM is None:
                reason = f"none of {', '.join(NAMES)} is on the path"
                item.add_marker(pytest.mark.skip(reason=reason))


@dataclass(frozen=True)
class Server:
    """A Sonca server in a process of its own."""

    url: str

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        found = [line for line in lines if re.match(rf"{name}(\{{|\s)", line)]
        return sum(float(line.rpartition(" ")[2]) for line in found)

    def speech(self, text: str, **options: Any) -> tuple[bytes, list[dict[str, Any]]]:
        """The samples and marks that the server gives for `text`: what the page should show."""
        body = {"input": text, "response_format": "pcm", "stream_format": "sse", "marks": True}
        sound, marks = b"", []
        answer = httpx.post(f"{self.url}/v1/audio/speech", json=body | options, timeout=60)
        for line in answer.raise_for_status().text.splitlines():
            event = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            sound += base64.b64decode(event.get("audio", ""))
            marks += event.get("marks", [])
        return sound, marks


@pytest.fixture(scope="session")
def serve(
    tmp_path_factory: pytest.TempPathFactory, forked: list[str]
) -> Iterator[Callable[..., Server]]:
    """Start a server with some settings, or take the one that has them."""
    running: dict[tuple[tuple[str, str], ...], tuple[Server, subprocess.Popen[str]]] = {}

    def start(**settings: str) -> Server:
        key = tuple(sorted(settings.items()))
        if key not in running:
            running[key] = _start(forked, settings, tmp_path_factory.mktemp("sonca"))
        return running[key][0]

    yield start
    for _, process in running.values():
        process.terminate()
    for _, process in running.values():
        process.wait(30)


def _start(
    command: list[str], settings: dict[str, str], folder: Path
) -> tuple[Server, subprocess.Popen[str]]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SONCA_")}
    plugins = [str(_plugin(folder))] if settings.get("engine") == "slow" else []
    path = os.pathsep.join([*plugins, *filter(None, sys.path)])
    ours = {"SONCA_PORT": "0", "SONCA_DATA_DIR": str(folder / "data"), "SONCA_DRAIN_S": "1"}
    ours |= {f"SONCA_{name.upper()}": value for name, value in settings.items()}
    log = folder / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, "serve"],
            env=kept | {"PYTHONPATH": path} | ours,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert url is not None, log.read_text()
    return Server(url[0]), process


def _plugin(folder: Path) -> Path:
    """A folder with the slow engine, installed the way other packages bring theirs."""
    info = folder / "plugin" / "slow_engine-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-engine\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[sonca.engines]\nslow = slow_engine:SlowEngine\n")
    (info.parent / "slow_engine.py").write_text(textwrap.dedent(SLOW_ENGINE))
    return info.parent


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    """A server as it comes: the embedded voices."""
    return serve()


@pytest.fixture
def slow(serve: Callable[..., Server]) -> Server:
    """A server whose engine takes its time, with sound that is always the same."""
    return serve(engine="slow")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # For a module, not the session: the sync API keeps an event loop on this thread, where other
    # tests want to start theirs.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One visit to the page, and what a careful reader would check about any visit."""

    page: Any
    server: Server
    requests: list[Any] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Parts of console messages that this visit is to cause."""

    def watch(self) -> None:
        page = self.page
        page.set_default_timeout(WAIT_MS)
        page.on("request", lambda request: self.requests.append(request))
        page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        page.on(
            "console",
            lambda message: (
                message.type in ("error", "warning")
                and self.problems.append(f"console: {message.text}")
            ),
        )
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => console.error("
            "'policy violated: ' + event.violatedDirective + ' ' + event.blockedURI))"
        )

    def open(self) -> None:
        self.page.goto(self.server.url)
        self.until(
            "document.querySelector('.cards .option, .error:not([hidden]), form:not([hidden])')"
        )

    def until(self, expression: str) -> None:
        """Wait until something is true in the page. A function: the page's policy lets no test
        evaluate strings there either."""
        self.page.wait_for_function(f"() => {expression}")

    def state(self, *states: str) -> None:
        """Wait for one of the states."""
        self.page.wait_for_function(
            "(states) => states.includes(document.body.dataset.state)", arg=list(states)
        )

    def speak(self, text: str | None = None) -> None:
        """Speak `text`, or what is there, until something is heard."""
        if text is not None:
            self.page.fill("#text", text)
        self.page.click("#speak")
        self.state("playing", "ended")

    def sent(self) -> list[dict[str, Any]]:
        """The bodies of the requests for speech, in order."""
        return [
            request.post_data_json for request in self.requests if "/audio/speech" in request.url
        ]

    def error(self, where: str) -> str:
        """The error that is shown at a place, once it is."""
        box = self.page.locator(f"#{where}-error")
        box.wait_for(state="visible")
        return str(box.inner_text())

    def check(self) -> None:
        elsewhere = [
            request.url
            for request in self.requests
            if not request.url.startswith((self.server.url + "/", "blob:", "data:"))
        ]
        assert not elsewhere
        unexpected = [p for p in self.problems if not any(part in p for part in self.expected)]
        assert not unexpected


@pytest.fixture
def visit(browser: Any, server: Server) -> Iterator[Callable[..., Visit]]:
    """Open the page: `visit(server, **context)`. Every visit is checked when the test is over."""
    visits: list[Visit] = []

    def start(to: Server = server, *, prepare: str = "", **context: Any) -> Visit:
        settings = {"locale": "vi-VN", "viewport": {"width": 1280, "height": 800}} | context
        page = browser.new_context(**settings).new_page()
        visit = Visit(page, to)
        visits.append(visit)
        visit.watch()
        if prepare:
            page.add_init_script(prepare)
        visit.open()
        return visit

    yield start
    for visit in visits:
        visit.page.context.close()
    for visit in visits:
        visit.check()
