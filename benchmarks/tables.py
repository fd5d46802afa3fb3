"""Writes results as the tables of ``docs/performance*.md``, in English and in Vietnamese.

The words stand in ``tables.tsv``: of each row the table that it is in, where its figure is, how
that is written (of neighbours: the most milliseconds allowed, nothing where all must be served),
and its title in both languages.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Result = dict[str, Any]
Row = tuple[str, str, str]
"""Key, form and title."""


class Words:
    """The titles in one language, "en" or "vi", and how it writes figures."""

    def __init__(self, language: str) -> None:
        self._point = "," if language == "vi" else "."
        self.rows: dict[str, list[Row]] = {}
        """By table."""
        with Path(__file__).with_name("tables.tsv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                rows = self.rows.setdefault(row["table"], [])
                rows.append((row["key"], row["form"], row[language]))
        self.texts = {key: title for key, _, title in self.rows["text"]}
        """By key: what is not a row."""

    def number(self, value: float, form: str) -> str:
        """Returns a figure; Vietnamese has a decimal comma."""
        return format(value, form).replace(".", self._point)

    def numbers(self, values: list[float], form: str, between: str = " | ") -> str:
        """Returns figures in a row."""
        return between.join(self.number(value, form) for value in values)


def modes(result: Result, words: Words) -> Iterator[str]:
    """All ways to serve side by side."""
    parts, ratios = result["setups"], result["ratios"]
    yield "|  | " + " | ".join(parts) + " |"
    yield "| --- |" + " ---: |" * len(parts)
    for key, form, title in words.rows["modes"]:
        scale = 1e3 if title.endswith("ms") and key.endswith("_s") else 1
        yield f"| {title} | {words.numbers([p[key] * scale for p in parts.values()], form)} |"
    for count in (counts := list(next(iter(parts.values()))["audio_s_per_s"])):
        values = [part["audio_s_per_s"][count] for part in parts.values()]
        yield f"| {words.texts['callers'].format(count)} | {words.numbers(values, '.1f')} |"
    if ratios and counts[-1] == "8":
        values = [ratios[name]["throughput_over_direct"]["8"] for name in parts]
        yield f"| {words.texts['over']} | {words.numbers(values, '.2f')} |"
    for key, form, title in words.rows["ratios"] if ratios else ():
        yield f"| {title} | {words.numbers([ratios[name][key] for name in parts], form)} |"
    most = result.get("livez_p99_under_most_callers_ms", {})
    if idle := most.get("idle beside sonca"):
        ours, direct = most["sonca"], most["direct"]
        cells = [words.number(value, ".1f") for value in (idle, ours, direct)]
        yield ""
        yield words.texts["beside"].format(counts[-1], *cells, words.number(ours / direct, ".3f"))


def latency(result: Result, words: Words) -> Iterator[str]:
    """First audio and total by length of text."""
    yield words.texts["latency"]
    yield "| ---: | ---: | ---: | ---: |"
    for chars, figures in result["by_chars"].items():
        first = words.number(figures["first_audio_median_ms"], ".1f")
        p95 = words.number(figures["first_audio_p95_ms"], ".1f")
        total = words.number(figures["total_median_s"] * 1e3, ".0f")
        rtf = words.number(figures["rtf_median"], ".4f")
        yield f"| {chars} | {first} ms ({p95}) | {total} ms | {rtf} |"


def neighbours(result: Result, words: Words) -> Iterator[str]:
    """What callers do to each other; dashes where it was not measured."""

    def ms(figures: Result, key: str) -> str:
        value = figures.get(key)
        return "–" if value is None else words.number(value * 1e3, ".1f" if value < 0.1 else ".0f")

    yield words.texts["neighbours"]
    yield "| --- | --- |" + " ---: |" * 6
    for key, bar, title in words.rows["neighbours"]:
        scenario, name = key.split(".")
        part = (result.get("neighbours") or {}).get(scenario, {"measured": {}})
        pair = part["measured"].get(name, {"alone": {}, "beside": {}})
        alone, beside = pair["alone"], pair["beside"]
        served = "–"
        if beside and scenario != "newcomers":  # there a gap is no request
            served = f"{beside['served']}/{beside['served'] + beside['refused']}"
        cells = [
            title,
            bar or words.texts["all"],
            *(ms(alone, key) for key in ("median_s", "max_s")),
            served,
            *(ms(beside, key) for key in ("median_s", "p95_s", "max_s")),
        ]
        yield f"| {' | '.join(cells)} |"


def upstream(result: Result, words: Words) -> Iterator[str]:
    """CPU seconds for a second of audio, upstream's package beside ours."""

    def side(figures: Result) -> list[str]:
        parts = [figures["parts_cpu_s"][key] for key in ("llm", "flow", "vocoder")]
        return [words.number(figures["cpu_s"], ".2f"), words.numbers(parts, ".2f", " + ")]

    yield words.texts["upstream"]
    yield "| --- |" + " ---: |" * 7
    for one in result["beside"]:
        pair = one["pair"]
        cells = [
            f"{pair['rate_hz']}, {pair['threads']}, {pair['seconds']:.0f} s",
            *side(one["upstream"]),
            words.number(one["upstream_in_float32"]["cpu_s"], ".2f"),
            *side(one["ours"]),
            words.number(one["times_less_cpu"], ".1f"),
            words.number(one["times_less_cpu_than_float32"], ".1f"),
        ]
        yield f"| {' | '.join(cells)} |"


def ways(result: Result, words: Words) -> Iterator[str]:
    """The document's ways to serve with upstream's package, and ours."""
    yield words.texts["ways"]
    yield "| --- |" + " ---: |" * 5
    for name, one in result["ways"].items():
        alone, both = one["callers_1"], one.get("callers_2", {"request_s": []})
        cells = [
            name,
            words.number(one["start_to_ready_s"], ".1f"),
            words.number(alone["request_s"][0], ".1f"),
            words.number(alone["cpu_s_per_audio_s"], ".2f"),
            words.numbers(both["request_s"], ".1f", ", ") or "–",
            f"{one['peak_mib']:.0f}",
        ]
        yield f"| {' | '.join(cells)} |"


TABLES: dict[str, Callable[[Result, Words], Iterator[str]]] = {
    "setups": modes,
    "latency": latency,
    "load": neighbours,
    "viettts-upstream": upstream,
    "setups-upstream": ways,
}


def table(result: Result, language: str = "en") -> str:
    """Returns a result as a table in Markdown."""
    return "\n".join(TABLES[result["benchmark"]](result, Words(language)))
