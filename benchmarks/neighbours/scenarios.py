"""What one caller's work does to another's waiting.

Every scenario starts a server of its own, measures somebody who wants little while nobody else is
there (`alone`), then the same while others want much, or misbehave (`beside`). Bounded in count
and time, on the loopback only.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from benchmarks.neighbours.callers import Crowd, Stream, Visit, book, form, recording
from sonca.bench.client import Caller, ask, idle, metric
from sonca.bench.corpus import LINES, of_length
from sonca.bench.livez_probe import Prober, Probes
from sonca.bench.process import Server, sonca_server
from sonca.bench.stats import median, percentile
from sonca.engines import batched
from sonca.engines.synthetic import calibration
from sonca.errors import SoncaError

Say = Callable[[str], None]
Figures = dict[str, float]
"""How many were served and refused, and what those who were served waited for."""
Pair = dict[str, Figures]
"""`alone` and `beside`."""

BATCH = "synthetic-batch"
_CALLERS = 2
_CALL_EVERY_S = 0.5
_PROBE_S = 0.05
_GIVE_UP_S = 30.0
"""A caller who has waited so long has not been served."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of each."""

    plans: int = 4
    """Books that are planned at once."""
    plan_chars: int = 1_000_000
    voice_s: float = 2.0
    """Processor time that a new voice costs."""
    newcomers: int = 3
    """Voices cloned, one after another."""
    slots: int = 33
    """Of the engine that builds books; with so many, two books wait in 64 places."""
    books: int = 2
    book_chars: int = 150_000
    callers: int = 40
    half_sent: int = 140
    """Requests of which 6 bytes come, and no more."""
    stalled: int = 70
    """Readers who ask for a long text and read nothing."""
    stalled_chars: int = 80_000
    hold_s: float = 45.0
    """How long both are held."""
    alone_s: float = 3.0
    """How long those who want little are measured alone."""


QUICK = Plan(newcomers=1, callers=12, hold_s=5.0)


def run(
    engine: str,
    plan: Plan,
    *,
    models_dir: Path | None = None,
    only: Sequence[str] = (),
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """The scenarios, or those in `only`, by name."""
    unknown = [name for name in only if name not in SCENARIOS]
    if unknown:
        raise SoncaError(f"no scenario {unknown[0]!r}; there are: {', '.join(SCENARIOS)}")
    return {
        name: scenario(Servers(engine, models_dir), plan, say)
        for name, scenario in SCENARIOS.items()
        if not only or name in only
    }


@dataclass(frozen=True, slots=True)
class Servers:
    """Starts the servers of a scenario, which live as long as `stack`."""

    engine: str
    models_dir: Path | None = None

    def start(self, stack: ExitStack) -> Server:
        """One of the engine that is measured."""
        return self._entered(stack, self.engine, self.models_dir, {})

    def start_batched(self, stack: ExitStack, *, slots: int, voice_s: float) -> Server:
        """One of a batch whose costs are known, whatever engine is measured. A second copy of the
        engine would serve some of the newcomers, by chance of who came when, and hide what they
        do to others: there is one."""
        more = {"SONCA_THREADS": "1", **calibration(), **batched.environment(slots, voice_s)}
        return self._entered(stack, BATCH, None, more)

    @staticmethod
    def _entered(
        stack: ExitStack, engine: str, models_dir: Path | None, more: Mapping[str, str]
    ) -> Server:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        return stack.enter_context(sonca_server(engine, scratch, models_dir, more=more))


# A kept file while books are planned


def plans(servers: Servers, plan: Plan, say: Say) -> dict[str, Any]:
    """A GET of a kept file and ``/livez`` while books of a million characters are planned."""
    say(f"a kept file while {plan.plans} books of {plan.plan_chars:,} characters are planned")
    body = json.dumps({"text": of_length(plan.plan_chars)}).encode()
    answers: list[tuple[int, float]] = []

    def plan_one(_: int) -> None:
        started = time.perf_counter()
        answer = ask(port, "POST", "/v1/jobs/plan", body)
        answers.append((answer[0], time.perf_counter() - started))

    with ExitStack() as stack:
        port = servers.start(stack).port
        _, headers, _ = _good(
            ask(port, "POST", "/api/tts/synthesize", json.dumps({"text": LINES[0]}).encode())
        )
        kept = f"/api/tts/audio/{headers['x-file-id']}"
        alone = _probed(port, (kept, "/livez"), lambda: time.sleep(plan.alone_s))
        beside = _probed(port, (kept, "/livez"), lambda: _together(plan.plans, plan_one))
    statuses = [status for status, _ in answers]
    return {
        "plans": plan.plans,
        "chars": plan.plan_chars,
        "planned": statuses.count(200),
        "refused": statuses.count(429),
        "answered_after_s": [took_s for _, took_s in answers],
        "measured": {
            "kept_file": _pair(alone[kept], beside[kept]),
            "livez": _pair(alone["/livez"], beside["/livez"]),
        },
    }


# A stream while a voice is made


def newcomers(servers: Servers, plan: Plan, say: Say) -> dict[str, Any]:
    """The gaps of a stream that is read as fast as it comes, while others bring a voice that the
    engine has not spoken in yet: a recording to clone, and one of its own that is slow to load."""
    say(f"a stream while voices are made that cost {plan.voice_s:g} s each")
    with ExitStack() as stack:
        port = servers.start_batched(stack, slots=batched.SLOTS, voice_s=plan.voice_s).port
        clones = [_uploaded(port, n) for n in range(plan.newcomers)]
        stream = stack.enter_context(Stream(port, of_length(30_000)))
        alone = stream.gaps_while(lambda: time.sleep(plan.alone_s))
        cloned, own = Visits(port, stream), Visits(port, stream)
        for voice in clones:
            cloned.come(voice)
        own.come("murmur")
    return {
        "voice_s": plan.voice_s,
        "cloned_first_audio_s": cloned.first_audio_s,
        "own_first_audio_s": own.first_audio_s,
        "measured": {
            "cloned": _pair(Probes(alone), Probes(cloned.gaps_s, cloned.refused)),
            "own_voice": _pair(Probes(alone), Probes(own.gaps_s, own.refused)),
        },
    }


class Visits:
    """Newcomers of one kind, one after another, and the stream's gaps meanwhile."""

    def __init__(self, port: int, stream: Stream) -> None:
        self._port = port
        self._stream = stream
        self.gaps_s: list[float] = []
        self.first_audio_s: list[float] = []
        self.refused = 0

    def come(self, voice: str) -> None:
        """One caller who wants a sentence in `voice`."""
        visit = Visit(self._port, voice, LINES[len(self.first_audio_s) % len(LINES)])
        self.gaps_s += self._stream.gaps_while(visit.speak)
        if visit.served:
            self.first_audio_s.append(visit.first_audio_s)
        else:
            self.refused += 1


def _uploaded(port: int, seed: int) -> str:
    """The voice of a recording that nobody has sent before."""
    body, kind = form("file", "voice.wav", recording(seed))
    _, _, answer = _good(ask(port, "POST", "/v1/audio/voices", body, kind))
    return str(json.loads(answer)["id"])


# Callers while books are built


def books(servers: Servers, plan: Plan, say: Say) -> dict[str, Any]:
    """Callers, one after another and all at once, while two books are built by an engine of many
    places."""
    say(f"{plan.callers} callers while {plan.books} books are built on {plan.slots} slots")
    with ExitStack() as stack:
        port = servers.start_batched(stack, slots=plan.slots, voice_s=0.0).port
        alone = _in_turn(port, plan.callers), _at_once(port, plan.callers)
        jobs = [_posted(port, book(plan.book_chars, seed)) for seed in range(plan.books)]
        depth = _until_building(port, jobs)
        beside = _in_turn(port, plan.callers), _at_once(port, plan.callers)
        done = [_done(_job(port, job)) for job in jobs]
        for job in jobs:
            ask(port, "DELETE", f"/v1/jobs/{job}")
    return {
        "books": plan.books,
        "slots": plan.slots,
        "callers": plan.callers,
        "bulk_in_line": depth,
        "books_done": done,
        "measured": {
            "one_after_another": _pair(alone[0], beside[0]),
            "at_once": _pair(alone[1], beside[1]),
        },
    }


_BULK = f'sonca_queue_depth{{engine="{BATCH}",lane="bulk"}}'
_BEGUN_WITHIN_S = 30.0
_FULL_S = 1.0
"""Books that have taken no further place for so long have all that they may."""


def _posted(port: int, text: str) -> str:
    body = json.dumps({"text": text, "title": "book"}).encode()
    return str(json.loads(_good(ask(port, "POST", "/v1/jobs", body), 202)[2])["id"])


def _job(port: int, id: str) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(ask(port, "GET", f"/v1/jobs/{id}")[2])
    return job


def _done(job: Mapping[str, Any]) -> float:
    """How much of a book is made; 1 says that callers had the engine for themselves in the end."""
    return float(job["progress"]["done"]) if job["progress"] else 1.0


def _until_building(port: int, jobs: Sequence[str]) -> int:
    """Until all are being built and take no more places of the line: how many they have then."""
    until = time.perf_counter() + _BEGUN_WITHIN_S
    most, since = 0, time.perf_counter()
    while (now := time.perf_counter()) < until:
        if (depth := metric(port, _BULK)) > most:
            most, since = depth, now
        building = all(_job(port, job)["state"] == "running" for job in jobs)
        if building and most and now - since > _FULL_S:
            return most
        time.sleep(0.02)
    raise SoncaError(f"the books were not begun within {_BEGUN_WITHIN_S:g} s")


def _in_turn(port: int, count: int) -> Probes:
    """Callers one after another, a tenth of a second apart at least."""
    took_s = []
    for n in range(count):
        due = time.perf_counter() + 0.1
        took_s.append(_call(port, n))
        time.sleep(max(0.0, due - time.perf_counter()))
    return _counted(took_s)


def _at_once(port: int, count: int) -> Probes:
    took_s: list[float | None] = []
    _together(count, lambda n: took_s.append(_call(port, n)))
    return _counted(took_s)


# Everyone else beside requests that never end


def half_sent(servers: Servers, plan: Plan, say: Say) -> dict[str, Any]:
    """Everyone else while requests are held of which the rest never comes."""
    return _crowd(servers, plan, say, half_sent=plan.half_sent)


def stalled(servers: Servers, plan: Plan, say: Say) -> dict[str, Any]:
    """Everyone else while readers of long texts read nothing."""
    return _crowd(servers, plan, say, stalled=plan.stalled)


def crowd(servers: Servers, plan: Plan, say: Say) -> dict[str, Any]:
    """Everyone else while both are there."""
    return _crowd(servers, plan, say, half_sent=plan.half_sent, stalled=plan.stalled)


def _crowd(
    servers: Servers, plan: Plan, say: Say, *, half_sent: int = 0, stalled: int = 0
) -> dict[str, Any]:
    say(f"others beside {half_sent} half-sent requests and {stalled} stalled readers")
    paths = ("/livez", "/readyz")
    with ExitStack() as stack:
        port = servers.start(stack).port
        callers = Callers(port)
        alone = _probed(port, paths, lambda: callers.call_for(plan.alone_s))
        alone["callers"] = callers.probes
        with Crowd(port, half_sent=half_sent, stalled=stalled, text=of_length(plan.stalled_chars)):
            settled_s = _settled(port, plan.hold_s)
            callers = Callers(port)
            beside = _probed(port, paths, lambda: callers.call_for(plan.hold_s))
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
            name.strip("/"): _pair(alone[name], beside[name]) for name in ("callers", *paths)
        },
    }


_IN_FLIGHT = "sonca_requests_in_flight "


def _settled(port: int, at_most_s: float) -> float:
    """Wait until the first caller is served; the seconds that it took. Until readers stall they are
    as many as the line has places, and asking for sound."""
    begun = time.perf_counter()
    while (since_s := time.perf_counter() - begun) < at_most_s and _call(port, 0) is None:
        time.sleep(0.1)
    return since_s


class Callers:
    """A few who ask for a sentence each, again and again, each time on a new connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._took_s: list[float | None] = []
        self._refused_s: list[float] = [0.0]

    @property
    def probes(self) -> Probes:
        """What became of their requests."""
        return _counted(self._took_s)

    @property
    def last_refused_s(self) -> float:
        """Seconds from the beginning to the last request that was refused; 0 if none was."""
        return max(self._refused_s)

    def call_for(self, seconds: float) -> None:
        """Call for so long."""
        _together(_CALLERS, lambda number: self._call_for(number, seconds))

    def _call_for(self, number: int, seconds: float) -> None:
        begun = due = time.perf_counter()
        n = number
        while (since := time.perf_counter() - begun) < seconds:
            took_s = _call(self._port, n)
            self._took_s.append(took_s)
            if took_s is None:
                self._refused_s.append(since)
            n += _CALLERS
            due += _CALL_EVERY_S
            time.sleep(max(0.0, due - time.perf_counter()))


SCENARIOS: dict[str, Callable[[Servers, Plan, Say], dict[str, Any]]] = {
    "plans": plans,
    "newcomers": newcomers,
    "books": books,
    "half_sent": half_sent,
    "stalled": stalled,
    "crowd": crowd,
}


# What they share


def _call(port: int, n: int) -> float | None:
    """The seconds that a request for a sentence takes which nobody else asks for; None if it is
    not served."""
    caller = Caller(port, _GIVE_UP_S)
    started = time.perf_counter()
    try:
        caller.synthesize(f"Số {n}: {LINES[n % len(LINES)]}")
    except (SoncaError, OSError, HTTPException):
        return None
    finally:
        caller.close()
    return time.perf_counter() - started


def _counted(took_s: Sequence[float | None]) -> Probes:
    served = [took for took in took_s if took is not None]
    return Probes(served, len(took_s) - len(served))


def _probed(port: int, paths: Sequence[str], work: Callable[[], None]) -> dict[str, Probes]:
    """What asking for each of `paths` was like while `work` ran."""
    with ExitStack() as stack:
        probers = {path: stack.enter_context(Prober(port, path, _PROBE_S)) for path in paths}
        work()
    return {path: Probes(prober.latencies_s, prober.refused) for path, prober in probers.items()}


def _together(count: int, work: Callable[[int], object]) -> None:
    """Run `work` on so many threads at once; raises what one of them raised."""
    failures: list[Exception] = []

    def one(number: int) -> None:
        try:
            work(number)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _good(answer: tuple[int, Any, bytes], *statuses: int) -> tuple[int, Any, bytes]:
    if answer[0] not in (statuses or (200, 201)):
        raise SoncaError(f"status {answer[0]}: {answer[2][:300]!r}")
    return answer


def _pair(alone: Probes, beside: Probes) -> Pair:
    return {"alone": _figures(alone), "beside": _figures(beside)}


def _figures(probes: Probes) -> Figures:
    """Without latencies where nobody was served."""
    figures: Figures = {"served": len(probes.latencies_s), "refused": probes.refused}
    if times := probes.latencies_s:
        figures |= {
            "median_s": median(times),
            "p95_s": percentile(times, 95),
            "max_s": max(times),
        }
    return figures
