"""A stored file and ``/livez`` while books of a million characters are planned."""

from __future__ import annotations

import json
import time
from typing import Any

from benchmarks.neighbours.callers import good
from benchmarks.neighbours.figures import pair, probed
from benchmarks.neighbours.plan import Plan, Say, Servers
from sonca.bench.client import ask, together
from sonca.bench.corpus import LINES, of_length


def plans(servers: Servers, plan: Plan, say: Say) -> dict[str, Any]:
    """Measures answers while books are planned."""
    say(f"a stored file while {plan.plans} books of {plan.plan_chars:,} characters are planned")
    body = json.dumps({"text": of_length(plan.plan_chars)}).encode()
    answers: list[tuple[int, float]] = []

    def plan_one(_: int) -> None:
        started = time.perf_counter()
        status = ask(port, "POST", "/v1/jobs/plan", body)[0]
        answers.append((status, time.perf_counter() - started))

    with servers.measured() as server:
        port = server.port
        speech = json.dumps({"text": LINES[0]}).encode()
        _, headers, _ = good(ask(port, "POST", "/api/tts/synthesize", speech))
        paths = {"kept_file": f"/api/tts/audio/{headers['x-file-id']}", "livez": "/livez"}
        alone = probed(port, list(paths.values()), lambda: time.sleep(plan.alone_s))
        beside = probed(port, list(paths.values()), lambda: together(plan.plans, plan_one))
    statuses = [status for status, _ in answers]
    return {
        "plans": plan.plans,
        "chars": plan.plan_chars,
        "planned": statuses.count(200),
        "refused": statuses.count(429),
        "answered_after_s": [took_s for _, took_s in answers],
        "measured": {name: pair(alone[path], beside[path]) for name, path in paths.items()},
    }
