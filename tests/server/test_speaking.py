"""A request on its way into the line, when engines come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from sonca import Sonca
from sonca.server import speaking
from sonca.server.speaking import Ask, speak


async def nothing() -> dict[str, Any]:
    """The client stays, and has nothing more to say."""
    await asyncio.sleep(60)
    return {}


def test_an_engine_that_is_unloaded_again_before_the_request_is_in_line_is_waited_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def run(work: Callable[[], Any]) -> Any:
        return work()

    with Sonca("tone") as sonca, sonca.stream("một.") as speech:
        answers = iter([sonca.load(), sonca.load(), speech])
        monkeypatch.setattr(speaking, "_submit", lambda services, ask, until: next(answers))
        services: Any = SimpleNamespace(pools=SimpleNamespace(run=run), request_timeout_s=60.0)
        request: Any = SimpleNamespace(receive=nothing, scope={})
        assert asyncio.run(speak(services, Ask("một."), request)) is speech
