"""Callers, one after another and all at once, while books are built."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.neighbours.callers import call, good
from benchmarks.neighbours.figures import counted, pair
from benchmarks.neighbours.plan import BATCH, Plan, Say, Servers
from sonca.bench.client import ask, metric, together
from sonca.bench.corpus import story
from sonca.bench.livez_probe import Probes
from sonca.errors import SoncaError

_BULK = f'sonca_queue_depth{{engine="{BATCH}",lane="bulk"}}'
_BEGUN_WITHIN_S = 30.0
_FULL_S = 1.0
"""Books that have taken no further place for so long have all that they may."""


def books(servers: Servers, plan: Plan, say: Say) -> dict[str, Any]:
    """Measures callers while books are built by an engine of many places."""
    say(f"{plan.callers} callers while {plan.books} books are built on {plan.slots} slots")
    with servers.batched(slots=plan.slots, voice_s=0.0) as server:
        port = server.port
        alone = _in_turn(port, plan.callers), _at_once(port, plan.callers)
        jobs = [_posted(port, book(plan.book_chars, seed)) for seed in range(plan.books)]
        depth = _until_building(port, jobs)
        beside = _in_turn(port, plan.callers), _at_once(port, plan.callers)
        progress = [_job(port, job)["progress"] for job in jobs]
        for job in jobs:
            ask(port, "DELETE", f"/v1/jobs/{job}")
    return {
        "books": plan.books,
        "slots": plan.slots,
        "callers": plan.callers,
        "bulk_in_line": depth,
        # 1 says that callers had the engine for themselves in the end.
        "books_done": [float(each["done"]) if each else 1.0 for each in progress],
        "measured": {
            "one_after_another": pair(alone[0], beside[0]),
            "at_once": pair(alone[1], beside[1]),
        },
    }


def _posted(port: int, text: str) -> str:
    body = json.dumps({"text": text, "title": "book"}).encode()
    return str(json.loads(good(ask(port, "POST", "/v1/jobs", body))[2])["id"])


def _job(port: int, id: str) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(ask(port, "GET", f"/v1/jobs/{id}")[2])
    return job


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
        took_s.append(call(port, n))
        time.sleep(max(0.0, due - time.perf_counter()))
    return counted(took_s)


def _at_once(port: int, count: int) -> Probes:
    took_s: list[float | None] = []
    together(count, lambda n: took_s.append(call(port, n)))
    return counted(took_s)


def book(chars: int, seed: int) -> str:
    """Returns chapters of the story's words in an order of their own, about `chars` characters: no
    two sentences are equal, so that none is made once for two."""
    rng = random.Random(seed)
    words = [word.strip('.,;:!?"“”–').lower() for word in story().split()]
    parts: list[str] = []
    left = chars
    while left > 0:
        if len(parts) % 100 == 0:
            parts.append(f"Chương {len(parts) // 100 + 1}")
        line = " ".join(rng.choices(words, k=16)).strip().capitalize() + "."
        parts.append(line)
        left -= len(line) + 2
    return "\n\n".join(parts)
