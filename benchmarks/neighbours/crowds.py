"""Everyone else beside requests that never end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from benchmarks.neighbours.callers import WITHIN_S, call
from benchmarks.neighbours.figures import counted, pair, probed
from benchmarks.neighbours.plan import Plan, Say, Servers
from sonca.bench.client import idle, metric, speech, together
from sonca.bench.corpus import of_length
from sonca.bench.livez_probe import Probes
from sonca.bench.load import post_unread

_CALLERS = 2
_CALL_EVERY_S = 0.5
_IN_FLIGHT = "sonca_requests_in_flight "


def half_sent(servers: Servers, plan: Plan, say: Say) -> dict[str, Any]:
    """Measures everyone else while requests are held of which the rest never comes."""
    return _crowd(servers, plan, say, half_sent=plan.half_sent)


def stalled(servers: Servers, plan: Plan, say: Say) -> dict[str, Any]:
    """Measures everyone else while readers of long texts read nothing."""
    return _crowd(servers, plan, say, stalled=plan.stalled)


def crowd(servers: Servers, plan: Plan, say: Say) -> dict[str, Any]:
    """Measures everyone else while both are there."""
    return _crowd(servers, plan, say, half_sent=plan.half_sent, stalled=plan.stalled)


def _crowd(
    servers: Servers, plan: Plan, say: Say, *, half_sent: int = 0, stalled: int = 0
) -> dict[str, Any]:
    say(f"others beside {half_sent} half-sent requests and {stalled} stalled readers")
    paths = ("/livez", "/readyz")
    with servers.measured() as server:
        port = server.port
        callers = Callers(port)
        alone = probed(port, paths, lambda: callers.call_for(plan.alone_s))
        alone["callers"] = callers.probes
        with _held(port, half_sent, stalled, of_length(plan.stalled_chars)):
            settled_s = _settled(port, plan.hold_s)
            callers = Callers(port)
            beside = probed(port, paths, lambda: callers.call_for(plan.hold_s))
            beside["callers"] = callers.probes
            held = metric(port, _IN_FLIGHT)
        afterwards = idle(port, _IN_FLIGHT)
    return {
        "half_sent": half_sent,
        "stalled": stalled,
        "hold_s": plan.hold_s,
        "settled_s": settled_s,
        "in_flight_at_the_end": held,
        "in_flight_afterwards": afterwards,
        "last_refused_after_s": callers.last_refused_s,
        "measured": {
            name.strip("/"): pair(alone[name], beside[name]) for name in ("callers", *paths)
        },
    }


@contextmanager
def _held(port: int, half_sent: int, stalled: int, text: str) -> Iterator[None]:
    """Holds requests that never end while the block runs.

    Half-sent: headers that announce 500 bytes, six of them, then nothing. Stalled: a whole request
    for a long text of which nothing is read. One that the server refuses or cuts stays away.
    """
    body = speech(text, format="wav")
    requests = [(body, len(body))] * stalled + [(b'{"inpu', 500)] * half_sent
    with ExitStack() as stack:
        for part, length in requests:
            with suppress(OSError):
                connection = post_unread(port, part, length=length, timeout_s=WITHIN_S)
                stack.enter_context(connection)
        yield


def _settled(port: int, at_most_s: float) -> float:
    """Wait until the first caller is served; the seconds that it took. Until readers stall they are
    as many as the line has places, and asking for sound."""
    begun = time.perf_counter()
    while (since_s := time.perf_counter() - begun) < at_most_s and call(port, 0) is None:
        time.sleep(0.1)
    return since_s


class Callers:
    """A few who ask for a sentence each, again and again, each time on a new connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._took_s: list[float | None] = []
        self.last_refused_s = 0.0
        """From the beginning to the last request that was refused; 0 if none was."""

    @property
    def probes(self) -> Probes:
        """What became of their requests."""
        return counted(self._took_s)

    def call_for(self, seconds: float) -> None:
        """Calls for so long."""
        together(_CALLERS, lambda number: self._call_for(number, seconds))

    def _call_for(self, number: int, seconds: float) -> None:
        begun = due = time.perf_counter()
        while (since_s := time.perf_counter() - begun) < seconds:
            took_s = call(self._port, number)
            self._took_s.append(took_s)
            if took_s is None:
                self.last_refused_s = max(self.last_refused_s, since_s)
            number += _CALLERS
            due += _CALL_EVERY_S
            time.sleep(max(0.0, due - time.perf_counter()))
