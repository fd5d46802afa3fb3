"""Scores our reading beside other libraries, and times it; writes benchmarks/results.

    python -m venv other && other/bin/pip install -r benchmarks/normalization/requirements.txt
    python -m benchmarks.normalization --other other/bin/python

Every library reads the same cases and is compared in the same way: one output, membership in the
accepted readings. For ours both outputs are counted: ``spoken`` (foreign words as Vietnamese
syllables) and ``written`` (foreign words in their spelling, as the other libraries leave them).
The own cases were accepted by looking at our own output, so on them the others' figures only
say how often they differ from us.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "text" / "data"
TABLES = {"development": DATA / "normalization_dev.tsv", "own": DATA / "cases.tsv"}
RESULT = ROOT / "benchmarks" / "results" / "normalization.json"
PROSE_REPEATS = 10
HOSTILE_SIZE = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--other", type=Path, help="a Python with the other libraries")
    parser.add_argument("--hostile", action="store_true", help="time 1 MB of hostile text as well")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()

    from sonca.text.evaluation import Case, cases

    tables: dict[str, list[Case]] = {name: list(cases(path)) for name, path in TABLES.items()}
    prose = _prose()
    result: dict[str, Any] = {
        "machine": {"python": platform.python_version(), "cpus": os.cpu_count()},
        "prose_chars": sum(map(len, prose)),
        "readers": {"sonca": _ours(tables, prose)},
    }
    for library in ("sea-g2p", "vietnormalizer") if options.other else ():
        result["readers"][library] = _theirs(library, options.other, tables, prose)
    if options.hostile:
        result["hostile_1mb_s"] = _hostile()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(
        json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    _show(result)


def _prose() -> list[str]:
    """Paragraphs of narration and news."""
    lines: list[str] = []
    for name in ("story_vi.txt", "sentences_vi.txt"):
        lines += [x for x in (DATA / name).read_text(encoding="utf-8").splitlines() if x.strip()]
    return lines * PROSE_REPEATS


def _ours(tables: dict[str, list[Any]], prose: list[str]) -> dict[str, Any]:
    from sonca.text import plan
    from sonca.text.evaluation import score

    scores: dict[str, Any] = {}
    for name, table in tables.items():
        results = score(table)
        scores[name] = {
            "cases": len(results),
            "spoken": sum(r.spoken_accepted for r in results),
            "written": sum(r.written_accepted for r in results),
            "either": sum(r.correct for r in results),
            "by_category": _by_category((r.case.category, r.correct) for r in results),
        }
    times = []
    for _ in range(3):
        start = time.perf_counter()
        for line in prose:
            plan(line)
        times.append(time.perf_counter() - start)
    return {
        "scores": scores,
        "chars_per_s": round(sum(map(len, prose)) / min(times)),
        **_start_up(),
    }


def _start_up() -> dict[str, float]:
    """Import and first reading, each in new processes."""
    code = (
        "import time; t = time.perf_counter(); import sonca.text; a = time.perf_counter();"
        "sonca.text.plan('Xin chào.'); print(a - t, time.perf_counter() - a)"
    )
    runs = []
    for _ in range(7):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        runs.append([float(x) for x in done.stdout.split()])
    imports, firsts = zip(*runs, strict=True)
    return {
        "import_ms": round(1000 * sorted(imports)[3], 1),
        "first_reading_ms": round(1000 * sorted(firsts)[3], 1),
    }


def _theirs(
    library: str, python: Path, tables: dict[str, list[Any]], prose: list[str]
) -> dict[str, Any]:
    from sonca.text.evaluation import comparable

    inputs = [case.input for table in tables.values() for case in table]
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("others.py")), library],
        input=json.dumps({"cases": inputs, "prose": prose}),
        capture_output=True,
        text=True,
        check=True,
        timeout=1800,
    )
    answer = json.loads(done.stdout)
    readings = iter(answer["readings"])
    scores: dict[str, Any] = {}
    for name, table in tables.items():
        marks = [(c.category, comparable(next(readings)) in c.accepted) for c in table]
        scores[name] = {
            "cases": len(marks),
            "spoken": sum(right for _, right in marks),
            "by_category": _by_category(marks),
        }
    return {
        "scores": scores,
        "chars_per_s": round(sum(map(len, prose)) / answer["prose_s"]),
        "load_ms": round(1000 * answer["load_s"], 1),
        "crashed": sum(r.startswith("crashed: ") for r in answer["readings"]),
    }


def _by_category(marks: Any) -> dict[str, list[int]]:
    """Category to [correct, cases]."""
    marks = list(marks)
    total = Counter(category for category, _ in marks)
    right = Counter(category for category, correct in marks if correct)
    return {category: [right[category], total[category]] for category in sorted(total)}


def _hostile() -> dict[str, float]:
    """Seconds for 1 MB each of what breaks careless readers."""
    from sonca.text import plan

    n = HOSTILE_SIZE
    texts = {
        "digits": "1" * n,
        "dots": "." * n,
        "brackets": "(" * n,
        "1.1.1.": "1." * (n // 2),
        "1-1-1-": "1-" * (n // 2),
        "combining marks": "a" + "\u0301" * n,
        "one word": "a" * n,
        "capitals with dots": "A." * (n // 2),
        "unknown words": " ".join(f"w{i:x}q" for i in range(n // 8)),
        "lines": "a\n" * (n // 2),
        "emoji": "😀" * n,
    }
    seconds = {}
    for name, text in texts.items():
        start = time.perf_counter()
        plan(text)
        seconds[name] = round(time.perf_counter() - start, 2)
    return seconds


def write(*parts: Any) -> None:
    """A line of the summary."""
    sys.stdout.write(" ".join(map(str, parts)) + "\n")


def _show(result: dict[str, Any]) -> None:
    for name, reader in result["readers"].items():
        for table, score in reader["scores"].items():
            counts = {k: v for k, v in score.items() if isinstance(v, int)}
            write(f"{name:15} {table:12} {counts}")
        write(
            f"{name:15} {reader['chars_per_s']:,} characters/s",
            {k: v for k, v in reader.items() if k not in ("scores", "chars_per_s")},
        )
    if "hostile_1mb_s" in result:
        write("hostile", result["hostile_1mb_s"])


if __name__ == "__main__":
    main()
