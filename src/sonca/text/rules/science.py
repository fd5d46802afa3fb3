"""Reads what science writes: places on the globe, scientific notation, equations of chemistry."""

from __future__ import annotations

import re
from functools import lru_cache

from sonca.text.rules.rule import NUMBER_START, Replacement, Rule, Workspace
from sonca.text.vietnamese.letters import spell
from sonca.text.vietnamese.wordlists import word_set

# Places on the globe

_QUARTERS = {
    **{"B": "bắc", "Đ": "đông", "T": "tây", "E": "đông", "W": "tây", "S": "nam"},
    **{"Bắc": "bắc", "Nam": "nam", "Đông": "đông", "Tây": "tây"},
}
_VIETNAMESE_QUARTER = r"[°′'’″”\"] ?[BĐT](?!\w)"


def _coordinate(match: re.Match[str], work: Workspace) -> str:
    """Reads ``10°45′30″N``, ``106.7° E``, ``21°01′B``."""
    quarter = match["quarter"]
    said = _QUARTERS.get(quarter, "bắc")
    if quarter == "N" and re.search(_VIETNAMESE_QUARTER, work.text):
        said = "nam"  # beside B, Đ or T it is not English
    names = {"degrees": "độ", "minutes": "phút", "seconds": "giây"}
    parts = (f"{_measure(match[p], work)} {name}" for p, name in names.items() if match[p])
    return " ".join((*parts, said))


def _measure(written: str, work: Workspace) -> str:
    whole, point, rest = written.replace(".", ",").partition(",")
    return work.number(f"{int(whole)}{point}{rest}")


# Scientific notation

_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺−–", "0123456789-+--")


def _scientific(match: re.Match[str], work: Workspace) -> list[Replacement]:
    """Reads ``6,02.10^23``, ``3×10⁸``, ``6.022e23``."""
    power = match["power"].translate(_SUPER).strip("^(){}+ ")
    sign = "âm " if power.startswith("-") else ""
    said = f"nhân mười mũ {sign}{work.cardinal(power.lstrip('-'))}"
    number = match["n"].replace(".", ",")
    return [
        Replacement(*match.span("n"), work.number(number), "number"),
        Replacement(match.end("n"), match.end(), said, "scientific notation"),
    ]


# Chemistry

_ELEMENTS = word_set(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se"
    " Br Kr Rb Sr Y Zr Nb Mo Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Nd W Pt Au Hg Tl Pb Bi Ra"
    " U Pu"
)
_ATOM = r"[A-Z][a-z]?(?:\d{1,2}|[₀-₉]{1,2})?"
_GROUP = rf"\((?:{_ATOM}){{1,6}}\)(?:\d{{1,2}}|[₀-₉]{{1,2}})?"
_FORMULA = rf"(?:{_ATOM}|{_GROUP}){{1,10}}"
_SUB = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_ARROW = r"(?:-{1,2}>|={1,2}>|[→⟶➝➔➜⇌⇄⇋⇆↔])"
_EQUATION = re.compile(
    rf"(?:\A|[\s+(:])\d{{0,2}}{_FORMULA} ?(?:[↑↓] ?)?(?:{_ARROW}|=) ?\d{{0,2}}{_FORMULA}"
)
_FIGURED = re.compile(r"[A-Za-z)][\d₀-₉]|[A-Z][a-z]?[A-Z]")
_SIDES = re.compile(rf"[\w)] \+ \d{{0,2}}{_FORMULA}|{_ARROW}")
_CHEMICAL_BEFORE = word_set(
    "gốc nhóm ion axit phân tử chức khí hợp chất bazơ muối oxit dung dịch liên kết hiđroxit"
)


@lru_cache(maxsize=1024)
def _atoms(formula: str) -> list[str] | None:
    """Returns a formula cut into atoms, brackets and figures; None if it names no elements."""
    parts = re.findall(r"[A-Z][a-z]?|[()]|\d+", formula.translate(_SUB))
    symbols = [p for p in parts if p[0].isalpha()]
    return (
        parts if "".join(parts) == formula.translate(_SUB) and (set(symbols) <= _ELEMENTS) else None
    )


def _is_equation(work: Workspace) -> bool:
    """Returns whether the sentence holds an equation of chemistry."""
    found = _EQUATION.search(work.text)
    return found is not None and bool(_SIDES.search(work.text) and _FIGURED.search(found[0]))


def _formula(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``Ca(OH)2``, and in an equation ``2H2``; ``OH`` after a word such as "gốc"."""
    parts = _atoms(match["formula"])
    if parts is None:
        return None
    symbols = {p for p in parts if p[0].isalpha()}
    grouped = "(" in parts and len(symbols) > 1 and parts.index("(") + 1 < len(parts)
    certain = grouped or match["formula"] == "H2"
    if not (certain or _is_equation(work) or _named(match, work, symbols)):
        return None
    if match["n"] and not (certain or len(symbols) > 1 or _is_equation(work)):
        return None
    out = [Replacement(*match.span("formula"), _say(parts, work), "formula")]
    if match["n"]:
        out.insert(0, Replacement(*match.span("n"), work.cardinal(match["n"]), "number"))
    return out


def _named(match: re.Match[str], work: Workspace, symbols: set[str]) -> bool:
    """Returns whether a word says that letters are a formula: "gốc OH"."""
    before = work.before(match.start())
    return len(symbols) > 1 and not match["n"] and before in _CHEMICAL_BEFORE


def _ion(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``Ca²⁺``, ``SO₄²⁻``: the raised sign is a charge, the figure no power."""
    parts = _atoms(match["formula"])
    if parts is None:
        return None
    size = match["charge"][:-1].translate(_SUPER)
    sign = "cộng" if match["charge"][-1] in "⁺+" else "trừ"
    return " ".join((_say(parts, work), *([work.cardinal(size)] if size else []), sign))


def _say(parts: list[str], work: Workspace) -> str:
    said: list[str] = []
    for last, part in zip(["", *parts], parts, strict=False):
        if part.isdecimal():
            said += [work.cardinal(part), "lần"] if last == ")" else [work.cardinal(part)]
        elif part not in "()":
            said.append(spell(part))
    return " ".join(said)


def _yields(match: re.Match[str], work: Workspace) -> str | None:
    """Reads the arrow of an equation."""
    if not _is_equation(work):
        return None
    return "thuận nghịch" if match[0].strip() in "⇌⇄⇋⇆↔" else "thành"


RULES = (
    Rule(
        "coordinate",
        r"(?<=[BNS]) ?[-–—] ?(?=\d{1,3}(?:[.,]\d{1,8})? ?[°º])",
        lambda m, w: "",  # between latitude and longitude
        kind="degree",
    ),
    Rule(
        "coordinate",
        rf"(?<!\w){NUMBER_START}(?P<degrees>\d{{1,3}}(?:[.,]\d{{1,8}})?) ?[°º]"
        r"(?: ?(?P<minutes>\d{1,2}(?:[.,]\d{1,6})?) ?['′’‘](?!['’])"
        r"(?: ?(?P<seconds>\d{1,2}(?:[.,]\d{1,6})?) ?(?:[\"″”“]|''|’’|′′))?)?"
        r" ?(?P<quarter>[NSEWBĐT]|Bắc|Nam|Đông|Tây)(?![\w])",
        _coordinate,
        kind="degree",
    ),
    Rule(
        "scientific notation",
        rf"(?<!\w){NUMBER_START}(?P<n>\d{{1,6}}(?:[.,]\d{{1,12}})?) ?[.·⋅×xX*] ?10"
        r"(?P<power>\^[({]?[-−–+]?\d{1,3}[)}]?|[⁻⁺]?[⁰¹²³⁴-⁹]{1,3})(?!\w)",
        _scientific,
        kind="power",
    ),
    Rule(
        "scientific notation",
        rf"(?<!\w){NUMBER_START}(?P<n>\d{{1,6}}(?:[.,]\d{{1,12}})?)"
        r"(?:e|(?<=\.\d)E|(?<=\.\d\d)E|(?<=\.\d\d\d)E|E(?=[-−+]))(?P<power>[-−+]?\d{1,3})(?!\w|\.\d)",
        _scientific,
        kind="power",
    ),
    Rule(
        "ion",
        rf"(?<![\w@#./-])(?P<formula>{_FORMULA})(?P<charge>[¹²³⁴-⁷]?[⁺⁻])(?![\w⁰-⁹])",
        _ion,
        kind="ion",
    ),
    Rule(
        "ion",
        r"(?<![\w@#./-])(?P<formula>(?:[A-Z][a-z]?\d?){0,2}(?:[SPCNS]|Cl|Mn|Cr|Si|Cr2|S2|Al)[OH]\d)"
        r"(?P<charge>[1-3]?[-−+])(?![\w])",
        _ion,
        kind="capital",
    ),
    Rule(
        "formula",
        rf"(?<![\w(@#./-])-?(?P<n>\d{{1,2}})?(?P<formula>{_FORMULA})(?![\w@]|[-./]\w)",
        _formula,
        kind="capital",
    ),
    Rule("equation", rf"(?<=[\w)\x01↑↓]) ?{_ARROW} ?(?=[\w(\x01])", _yields, kind="symbol"),
)
