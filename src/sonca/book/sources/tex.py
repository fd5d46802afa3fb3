"""Writes TeX formulas (`$E = mc^2$`) on one line, where they are simple."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sonca.book.sources import formulas

_TOKEN = re.compile(r"\\([a-zA-Z]+)\*?|\\(.)|([{}^_&~\[\]])|(\d[\d.,]*\d|\s+|.)", re.DOTALL)
_MAX_CHARS = 400
_SIGNS = {
    "times": "×", "cdot": "×", "div": "÷", "pm": "±", "le": "≤", "leq": "≤", "leqslant": "≤",
    "ge": "≥", "geq": "≥", "geqslant": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "equiv": "≡",
    "infty": "∞", "to": "→", "rightarrow": "→", "Rightarrow": "⇒", "implies": "⇒", "in": "∈",
    "Leftrightarrow": "⇔", "iff": "⇔", "sum": "∑", "int": "∫", "prod": "∏", "partial": "∂",
    "Delta": "Δ", "Omega": "Ω", "Sigma": "Σ", "Phi": "Φ", "alpha": "α", "beta": "β",
    "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "theta": "θ", "lambda": "λ",
    "mu": "μ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "varphi": "φ",
    "omega": "ω", "eta": "η", "ldots": "…", "dots": "…", "cdots": "…", "circ": "°",
    "sin": "sin", "cos": "cos", "tan": "tan", "cot": "cot", "log": "log", "ln": "ln", "lg": "lg",
    "lim": "lim", "max": "max", "min": "min", "left": "", "right": "", "big": "", "Big": "",
    "quad": " ", "qquad": " ", "displaystyle": "", "limits": "",
}  # fmt: skip
_TEXTS = frozenset(
    ("text", "mathrm", "mathbf", "mathit", "textbf", "textit", "operatorname", "mathbb", "boxed",
     "vec", "overline", "hat", "bar", "mathcal", "textrm")
)  # fmt: skip
_OPERATOR = re.compile(r"\s*([=≠≈≤≥<>×÷±→⇒⇔≡+])\s*")


class _NotSimpleError(ValueError):
    """A formula with something in it that has no reading here."""


def line(source: str) -> str | None:
    """Returns a formula as text; None for one that is too much to listen to."""
    if len(source) > _MAX_CHARS:
        return None
    tokens = iter([*_tokens(source), ("end", "")])
    try:
        text = _until(tokens, "end")
    except (_NotSimpleError, RecursionError):
        return None
    text = _OPERATOR.sub(r" \1 ", text)
    return " ".join(text.split()) or None


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(source):
        command, escaped, mark, char = match.groups()
        if command:
            yield "command", command
        elif escaped is not None:
            # `\,` and the like are blanks, `\%` is the sign itself.
            yield "char", " " if escaped in ",;:! \\\n" else escaped
        elif mark in ("&", "~"):
            yield "char", " "
        else:
            yield ("mark", mark) if mark else ("char", char)


_Tokens = Iterator[tuple[str, str]]


def _until(tokens: _Tokens, end: str) -> str:
    text = ""
    for kind, value in tokens:
        if (value == end and kind != "char") or kind == end:
            return text
        if kind == "end":
            raise _NotSimpleError
        if kind == "mark" and value in "^_":
            inside = _argument(tokens)
            degrees = value == "^" and inside == "°"
            script = formulas.raised if value == "^" else formulas.lowered
            text = text.rstrip() + (inside if degrees else script(inside))
        else:
            text += _one(kind, value, tokens)
    raise _NotSimpleError


def _argument(tokens: _Tokens) -> str:
    """Returns the next group, or the next sign."""
    for kind, value in tokens:
        if kind == "char" and value.isspace():
            continue
        if kind == "char" and value[0].isdigit():
            if len(value) > 1:  # without braces only the first digit belongs to it
                raise _NotSimpleError
            return value
        return _one(kind, value, tokens)
    raise _NotSimpleError


def _one(kind: str, value: str, tokens: _Tokens) -> str:
    if kind == "char" or value in ("[", "]"):
        return value
    if kind == "mark" and value == "{":
        return _until(tokens, "}")
    if kind != "command":
        raise _NotSimpleError
    if value in ("frac", "dfrac", "tfrac", "cfrac"):
        return formulas.fraction(_argument(tokens), _argument(tokens))
    if value == "sqrt":
        return _root(tokens)
    if value in _TEXTS:
        return _argument(tokens)
    if value not in _SIGNS:
        raise _NotSimpleError
    return _SIGNS[value]


def _root(tokens: _Tokens) -> str:
    kind, value = next(tokens)
    if value == "[":
        degree = _until(tokens, "]")
        return formulas.root(_argument(tokens), degree)
    return formulas.root(_one(kind, value, tokens))
