"""The cast: who speaks with which voice, as people edit it in `cast.toml`.

`draft` proposes one, `write` and `read` are the file. Names of voices are checked when a book is
built, by whoever knows which there are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sonca.book import limits
from sonca.book.cast.people import Gender
from sonca.book.cast.speakers import Attribution, Character, attribute
from sonca.book.model import Book
from sonca.book.script import Role
from sonca.errors import InvalidRequest
from sonca.store import files
from sonca.synthesizer.request import PITCH_RANGE, SPEED_RANGE
from sonca.voices import Voice

NARRATOR = "narrator"
_GENDERS = ("male", "female", "")
_PITCHES = (1.0, 1.12, 0.9, 1.22, 0.82)
"""Tried in turn when there are more characters than voices."""
_CHILD_PITCH = 1.25
_MAX_BYTES = 4 * limits.MiB
_MAIN_CHARACTERS = 12
"""The most talkative get voices of their own; the others speak as their gender's role."""


@dataclass(frozen=True, slots=True)
class Part:
    """One character's line in the cast."""

    name: str
    gender: Gender = ""
    role: Role = field(default_factory=Role)
    lines: int = 0
    aliases: tuple[str, ...] = ()
    example: str = ""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who speaks how."""

    narrator: Role = field(default_factory=Role)
    male: Role | None = None
    """For men who have no voice of their own; None for the narrator's."""
    female: Role | None = None
    parts: tuple[Part, ...] = ()
    changes: dict[str, str] = field(default_factory=dict)
    """`chapter.paragraph` or `chapter.paragraph.piece`, from 1, to the speaker's name."""
    attribution: Attribution | None = None
    """None to let the narrator say everything."""

    def roles(self) -> dict[str, Role]:
        """The role of every speaker, the narrator's under the empty name."""
        found = {"": self.narrator}
        if self.attribution is None:
            return found
        by_gender = {"male": self.male, "female": self.female}
        genders = {c.name: c.gender for c in self.attribution.characters}
        own = {part.name: part for part in self.parts}
        names = {line.speaker for line in self.attribution.lines} | set(self.changes.values())
        for name in sorted((names | set(own)) - {"", NARRATOR}):
            part = own.get(name)
            if part is not None and part.role.voice is not None:
                found[name] = part.role
                continue
            gender = part.gender if part else genders.get(name, "")
            found[name] = by_gender.get(gender) or self.narrator
        return found

    def lines_of(self, chapter: int) -> dict[tuple[int, int], str] | None:
        """(paragraph, piece) to speaker in a chapter; None where the narrator says all."""
        if self.attribution is None:
            return None
        found = self.attribution.of(chapter)
        for (paragraph, piece), _ in list(found.items()):
            where = f"{chapter + 1}.{paragraph + 1}"
            name = self.changes.get(f"{where}.{piece + 1}", self.changes.get(where))
            if name is not None:
                found[paragraph, piece] = "" if name == NARRATOR else name
        return found


def one_voice(role: Role) -> Cast:
    """A cast of the narrator alone."""
    return Cast(role)


def by_roles(book: Book, narrator: Role, male: Role | None, female: Role | None) -> Cast:
    """The simple cast: the narrator, one voice for men, one for women."""
    return Cast(narrator, male, female, attribution=attribute(book))


def draft(book: Book, voices: Sequence[Voice]) -> Cast:
    """A cast proposed for a book: the default voice narrates, the most talkative characters get
    voices of their gender that differ, the others their gender's role."""
    attribution = attribute(book)
    narrator = Role(voices[0].id if voices else None)
    male, female = _first(voices, "male", narrator), _first(voices, "female", narrator)
    parts = []
    used: list[tuple[str | None, float]] = [(narrator.voice, 1.0)]
    for index, character in enumerate(attribution.characters):
        role = Role()
        if index < _MAIN_CHARACTERS and character.gender:
            role = _propose(character, voices, used)
            used.append((role.voice, role.pitch))
        parts.append(
            Part(
                *(character.name, character.gender, role, character.lines),
                *(tuple(character.aliases), character.example),
            )
        )
    return Cast(narrator, male, female, tuple(parts), {}, attribution)


def _first(voices: Sequence[Voice], gender: str, narrator: Role) -> Role | None:
    """A voice of that gender that is not the narrator's, or is if there is no other."""
    own = [v.id for v in voices if v.gender == gender]
    return Role(next((id for id in own if id != narrator.voice), own[0])) if own else None


def _propose(
    character: Character, voices: Sequence[Voice], used: list[tuple[str | None, float]]
) -> Role:
    own = [v for v in voices if v.gender == character.gender] or list(voices)
    home = voices[0].region if voices else None
    own.sort(key=lambda v: v.region != home)
    for pitch in _PITCHES:
        pitch = pitch * _CHILD_PITCH if character.child else pitch
        pitch = round(min(PITCH_RANGE[1], pitch), 2)
        for voice in own:
            if (voice.id, pitch) not in used:
                return Role(voice.id, pitch=pitch)
    return Role(own[len(used) % len(own)].id) if own else Role()


# The file


def write(cast: Cast, book: Book, path: Path, *, force: bool = False) -> None:
    """Write a cast for people to edit. An existing file is kept unless `force`."""
    if path.exists() and not force:
        raise InvalidRequest(f"{path} exists; give another name, or --force to replace it")
    with files.errors(f"write {path}"):
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_text(text_of(cast, book), encoding="utf-8")
        temporary.replace(path)


def text_of(cast: Cast, book: Book) -> str:
    """The cast as the file that people edit."""
    rows = [
        f"# Ai đọc gì trong {_comment(book.title)} / who says what. Sửa rồi: / Edit it, then:",
        "#   sonca book build BOOK --cast THIS_FILE -o OUT.m4b",
        "# voice: một tên của `sonca voices` / a name of `sonca voices`; speed, pitch: 0.5 - 2.0.",
        "",
        *_role_rows(NARRATOR, cast.narrator),
    ]
    for name, role in (("male", cast.male), ("female", cast.female)):
        if role is not None:
            rows += _role_rows(name, role)
    for part in cast.parts:
        rows += _part_rows(part)
    rows += [
        "# Một câu thoại gán nhầm người? chương.đoạn (hoặc chương.đoạn.phần) = tên; số như trong",
        "# `sonca book cast BOOK --lines`. / A line given to the wrong one: chapter.paragraph",
        "# (or chapter.paragraph.piece) = name, numbered as `sonca book cast BOOK --lines` does.",
        "[lines]",
        '# "3.12" = "narrator"',
    ]
    rows += [f"{_quoted(where)} = {_quoted(name)}" for where, name in cast.changes.items()]
    return "\n".join(rows) + "\n"


def _role_rows(name: str, role: Role) -> list[str]:
    return [f"[{name}]", *_settings(role), ""]


def _settings(role: Role) -> list[str]:
    rows = [f"voice = {_quoted(role.voice)}"] if role.voice else []
    rows += [f"speed = {role.speed:g}"] if role.speed != 1 else []
    return rows + ([f"pitch = {role.pitch:g}"] if role.pitch != 1 else [])


def _part_rows(part: Part) -> list[str]:
    rows = [f"[characters.{_quoted(part.name)}]"]
    if part.aliases:
        rows.append(f"# {_comment(', '.join(part.aliases))}")
    if part.example:
        rows.append(f"# {_comment(part.example)}")
    rows.append(f"gender = {_quoted(part.gender)}")
    rows.append(f"lines = {part.lines}")
    rows += _settings(part.role) or ['# voice = "…"']
    return [*rows, ""]


def _comment(text: str) -> str:
    return " ".join(text.split())[:100]


def _quoted(text: str) -> str:
    """A TOML basic string."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif ord(char) < 32 or ord(char) == 127:
            out.append(f"\\u{ord(char):04x}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


def read(path: Path, book: Book) -> Cast:
    """The cast in a file. `InvalidRequest` says what in it cannot be."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InvalidRequest(f"{path} is no cast: it has over {_MAX_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{path} is not UTF-8: {error.reason}") from error
    except OSError as error:
        raise InvalidRequest(f"cannot read the cast {path}: {error.strerror or error}") from error
    return parse(text, book, name=str(path))


def parse(text: str, book: Book, *, name: str = "the cast") -> Cast:
    """The cast that a text in TOML describes."""
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
    parts = tuple(_part(who, each, name) for who, each in characters.items())
    changes = _changes(_table(value.get("lines", {}), f"{name}, [lines]"), name)
    return Cast(
        roles.get(NARRATOR, Role()),
        roles.get("male"),
        roles.get("female"),
        parts,
        changes,
        attribute(book),
    )


def _part(who: str, value: Any, name: str) -> Part:
    where = f"{name}, [characters.{who}]"
    table = _table(value, where)
    role = _role(table, where, ("gender", "lines"))
    gender = table.get("gender", "")
    if gender not in _GENDERS:
        raise InvalidRequest(f'{where}: gender is {gender!r}, it must be "male", "female" or ""')
    return Part(who, gender, role)


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
            raise InvalidRequest(f'{name}, [lines]: {where!r} is no place such as "3.12"')
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
