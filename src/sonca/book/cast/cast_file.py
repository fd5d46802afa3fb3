"""Writes and reads the cast as a file that people edit: TOML, with comments in both languages.

Errors say where something stands that cannot be, and what may stand there.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sonca import disk
from sonca.book import limits
from sonca.book.cast.attribution import Attribution, attribute
from sonca.book.cast.cast import NARRATOR, Cast, CastMember, Role
from sonca.book.model import Book
from sonca.errors import InvalidRequest
from sonca.synthesizer.request import PITCH_RANGE, SPEED_RANGE

_GENDERS = ("male", "female", "")
_MAX_BYTES = 4 * limits.MiB


def write(cast: Cast, book: Book, path: Path, *, force: bool = False) -> None:
    """Writes a cast for people to edit. An existing file is kept unless `force`."""
    if path.exists() and not force:
        raise InvalidRequest(f"{path} exists; give another name, or --force to replace it")
    disk.write(path, text_of(cast, book).encode())


_HEAD = """\
# Ai đọc gì trong {title} / who says what. Sửa rồi: / Edit it, then:
#   sonca book build BOOK --cast THIS_FILE -o OUT.m4b
# voice: một tên của `sonca voices` / a name of `sonca voices`; speed, pitch: 0.5 - 2.0.
"""
_LINES = """\
# Một câu thoại gán nhầm người? chương.đoạn (hoặc chương.đoạn.phần) = tên; số như trong
# `sonca book cast BOOK --lines`. / A line given to the wrong one: chapter.paragraph
# (or chapter.paragraph.piece) = name, numbered as `sonca book cast BOOK --lines` does.
[lines]
# "3.12" = "narrator"
"""


def text_of(cast: Cast, book: Book) -> str:
    """Returns the cast as the text of such a file."""
    roles = {NARRATOR: cast.narrator, "male": cast.male, "female": cast.female}
    rows = [_HEAD.format(title=_comment(book.title))]
    for name, role in roles.items():
        if role is not None:
            rows += [f"[{name}]", *_settings(role), ""]
    for member in cast.members:
        rows += _member_rows(member)
    changes = (f"{_quoted(where)} = {_quoted(name)}\n" for where, name in cast.changes.items())
    return "\n".join(rows) + "\n" + _LINES + "".join(changes)


def _member_rows(member: CastMember) -> list[str]:
    about = (", ".join(member.aliases), member.example)
    return [
        f"[characters.{_quoted(member.name)}]",
        *(f"# {_comment(text)}" for text in about if text),
        f"gender = {_quoted(member.gender)}",
        f"lines = {member.lines}",
        *(_settings(member.role) or ['# voice = "…"']),
        "",
    ]


def _settings(role: Role) -> list[str]:
    rows = [f"voice = {_quoted(role.voice)}"] if role.voice else []
    numbers = {"speed": role.speed, "pitch": role.pitch}
    return rows + [f"{key} = {value:g}" for key, value in numbers.items() if value != 1]


def _comment(text: str) -> str:
    return " ".join(text.split())[:100]


def _quoted(text: str) -> str:
    """Returns a TOML basic string, which is one of JSON's except that DEL is escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def read(path: Path, book: Book, *, some: bool = False) -> Cast:
    """Reads the cast in a file. Raises `InvalidRequest` that says what in it cannot be, as
    `parse` does."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InvalidRequest(f"{path} is not a cast: it has over {_MAX_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{path} is not UTF-8: {error.reason}") from error
    except OSError as error:
        raise InvalidRequest(f"cannot read the cast {path}: {error.strerror or error}") from error
    return parse(text, book, name=str(path), some=some)


def parse(text: str, book: Book, *, name: str = "the cast", some: bool = False) -> Cast:
    """Returns the cast that a text in TOML describes. Raises `InvalidRequest` for what cannot be,
    and for who or what is not in the book, unless only `some` of its chapters are read."""
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(f"{name}: {error}", field="cast") from error
    _known(value, ("narrator", "male", "female", "characters", "lines"), name)
    roles = {
        key: _role(_table(value[key], f"{name}, [{key}]"), f"{name}, [{key}]", ())
        for key in (NARRATOR, "male", "female")
        if key in value
    }
    characters = _table(value.get("characters", {}), f"{name}, [characters]")
    if len(characters) > limits.MAX_SPEAKERS:
        raise InvalidRequest(
            f"{name} has {len(characters)} characters, the limit is {limits.MAX_SPEAKERS}"
        )
    members = tuple(_member(who, each, name) for who, each in characters.items())
    changes = _changes(_table(value.get("lines", {}), f"{name}, [lines]"), name)
    found = attribute(book)
    if not some:
        _in_book(text, found, members, changes, name)
    return Cast(
        roles.get(NARRATOR, Role()),
        roles.get("male"),
        roles.get("female"),
        members,
        changes,
        found,
    )


def _in_book(
    text: str,
    found: Attribution,
    members: Sequence[CastMember],
    changes: Mapping[str, str],
    name: str,
) -> None:
    """Raises `InvalidRequest` for the first character or line that the book has not."""
    known = {who.name for who in found.characters}
    places: set[str] = set()
    for line in found.lines:
        place = f"{line.chapter + 1}.{line.paragraph + 1}"
        places |= {place, f"{place}.{line.piece + 1}"}
    for where, who in changes.items():
        at = f"{name}, line {_line_of(text, where)}"
        if where not in places:
            raise InvalidRequest(
                f"{at}: the book has no speech {where}; sonca book cast --lines prints them all",
                field="cast",
            )
        if who not in known | {NARRATOR} | {member.name for member in members}:
            raise InvalidRequest(f"{at}: nobody is called {_who(who, known)}", field="cast")
    for member in members:
        if member.name not in known | set(changes.values()):
            raise InvalidRequest(
                f"{name}, line {_line_of(text, member.name)}: nobody who speaks in the book is "
                f"called {_who(member.name, known)}, or give a line to it in [lines]",
                field="cast",
            )


def _who(wrong: str, known: set[str]) -> str:
    """Returns the name that was given, and those that come next to it."""
    like = difflib.get_close_matches(wrong, known, 3, 0.4) or sorted(known)[:5]
    return f"{wrong[:60]!r}" + (f"; there are {', '.join(like)}" if like else "; nobody speaks")


def _line_of(text: str, key: str) -> int:
    """Returns the number of the line of a TOML text that has a key first, as it may be written;
    1 if none has."""
    written = "|".join(re.escape(form) for form in (_quoted(key), f"'{key}'", key))
    head = r"^[ \t]*(?:\[[ \t]*)?(?:characters[ \t]*\.[ \t]*)?"
    found = re.search(rf"{head}(?:{written})[ \t]*[\]=.]", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _member(who: str, value: Any, name: str) -> CastMember:
    where = f"{name}, [characters.{who}]"
    table = _table(value, where)
    role = _role(table, where, ("gender", "lines"))
    gender = table.get("gender", "")
    if gender not in _GENDERS:
        raise InvalidRequest(f'{where}: gender is {gender!r}, it must be "male", "female" or ""')
    return CastMember(who, gender, role)


def _role(table: dict[str, Any], where: str, more: Iterable[str]) -> Role:
    _known(table, ("voice", "speed", "pitch", *more), where)
    voice = table.get("voice")
    if voice is not None and not (isinstance(voice, str) and voice.strip()):
        raise InvalidRequest(f"{where}: voice is {voice!r}, it must be a voice's name")
    speed = _number(table, "speed", SPEED_RANGE, where)
    return Role(voice, speed, _number(table, "pitch", PITCH_RANGE, where))


def _number(table: dict[str, Any], key: str, within: tuple[float, float], where: str) -> float:
    value = table.get(key, 1.0)
    low, high = within
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidRequest(f"{where}: {key} is {value!r}, it must be {low:g} to {high:g}")
    return float(value)


def _changes(table: dict[str, Any], name: str) -> dict[str, str]:
    for where, who in table.items():
        numbers = where.split(".")
        if len(numbers) not in (2, 3) or not all(n.isdigit() for n in numbers):
            raise InvalidRequest(f'{name}, [lines]: {where!r} must be a place such as "3.12"')
        if not isinstance(who, str):
            raise InvalidRequest(f"{name}, [lines]: {where!r} must be a name in quotes")
    return dict(table)


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidRequest(f"{where} must be a table")
    return value


def _known(table: dict[str, Any], keys: Iterable[str], where: str) -> None:
    unknown = sorted(set(table) - set(keys))
    if unknown:
        raise InvalidRequest(f"{where}: unknown {unknown[0]!r}; there are: {', '.join(keys)}")
