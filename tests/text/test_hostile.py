"""Hostile text ends. Each input is read in a process with a time limit that only quadratic work
can break: the linear time is about two seconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

SIZE = 200_000
LIMIT_S = 150
INPUTS = {
    "digits": "'1' * n",
    "dots": "'.' * n",
    "brackets": "'(' * n",
    "dotted ones": "'1.' * (n // 2)",
    "dashed ones": "'1-' * (n // 2)",
    "slashes": "'1/' * (n // 2)",
    "capitals": "'A.' * (n // 2)",
    "marks": "'a' + '\\u0301' * n",
    "letters": "'a' * n",
    "addresses": "'a@' * (n // 2)",
    "quotes": "'\"' * n",
    "blanks": "' ' * n + 'a'",
    "lines": "'a\\n' * (n // 2)",
    "vowels": "'aoeui' * (n // 5)",
    "joiners": "'\\u200d' * n",
    "markup": "'<a ' * (n // 3)",
    "initials": "'V. ' * (n // 3)",
    "names": "'L. Messi ' * (n // 9)",
    "spans": "'9h sáng - ' * (n // 10)",
    "sums": "'5 - 2 : ' * (n // 8)",
    "days": "'8-3, ' * (n // 5)",
    "broken words": "'ch.' * (n // 3)",
    "letters apart": "'c ' * (n // 2)",
    "masked words": "'gi*' * (n // 3)",
    "two alphabets": "'\u0441h\u043e ' * (n // 4)",
    "bars": "'|x' * (n // 2)",
}
QUICK = {"dots", "blanks"}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in INPUTS]
)
def test_hostile_text_ends(name: str) -> None:
    code = (
        "from sonca.text import plan\n"
        "from tests.text.checks import check_plan\n"
        f"n = {SIZE}\n"
        f"check_plan(plan({INPUTS[name]}))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=LIMIT_S)
