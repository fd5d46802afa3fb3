"""What callers of `sonca.text` see, and what importing it costs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import sonca.text

PUBLIC = ["Lexicon", "Plan", "Reading", "Token", "explain", "plan", "plan_iter"]


def test_the_public_names_are_these() -> None:
    assert sonca.text.__all__ == PUBLIC
    assert all(getattr(sonca.text, name) is not None for name in PUBLIC)


def test_importing_loads_no_table_and_no_library() -> None:
    code = (
        "import sys, sonca.text\n"
        "from sonca.text.vietnamese import wordlists\n"
        "caches = (wordlists.mapping, wordlists.section, wordlists.words)\n"
        "assert not any(cache.cache_info().currsize for cache in caches)\n"
        "heavy = {'numpy', 'fastapi', 'av', 'tomllib', 'sonca.espeakng'}\n"
        "heavy.add('sonca.text.rules.dates')\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_explain_names_span_and_rule() -> None:
    text = "Ngày 20/11, xem Netflix 😀"
    tokens = sonca.text.explain(text)
    found = {t.original: (t.spoken, t.rule, t.foreign) for t in tokens}
    assert found["20/11"] == ("hai mươi tháng mười một", "slash", None)
    assert found["Netflix"][2] == "Netflix"
    assert found["😀"][:2] == ("", "emoji")
    assert all(text[slice(*t.span)] == t.original for t in tokens)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_explain_names_the_module_of_every_rule(language: str) -> None:
    reading = sonca.text.Reading(
        language=language, lexicon=sonca.text.Lexicon.parse("GenZ\tgien dét")
    )
    tokens = sonca.text.explain("GenZ, ngày 20/11 giá 25k; xem Kubernetes & Wi-Fi?", reading)
    for module in {t.module for t in tokens}:
        assert importlib.import_module(f"sonca.text.{module}")
    if language == "vi":
        where = {t.original: t.module for t in tokens}
        assert where["GenZ"] == "lexicon"
        assert where["25"] == "rules.money"
        assert where["Kubernetes"] == "rules.fallback"
