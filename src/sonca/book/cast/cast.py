"""The cast: who speaks with which voice. `propose_cast` makes one, `cast_file` writes and reads it.

Whether the voices exist is checked when a book is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sonca.book.cast.attribution import Attribution, attribute
from sonca.book.cast.characters import Character
from sonca.book.cast.kinship_terms import Gender
from sonca.book.model import Book
from sonca.synthesizer.request import PITCH_RANGE
from sonca.voice import Voice

NARRATOR = "narrator"
_PITCHES = (1.0, 1.12, 0.9, 1.22, 0.82)
"""Tried in turn when there are more characters than voices."""
_CHILD_PITCH = 1.25
_MAIN_CHARACTERS = 12
"""The most talkative get voices of their own; the others speak as their gender's role."""


@dataclass(frozen=True, slots=True)
class Role:
    """How somebody speaks."""

    voice: str | None = None
    """A voice's id or alias; None for the engine's default."""
    speed: float = 1.0
    """0.5 to 2.0."""
    pitch: float = 1.0
    """0.5 to 2.0, relative to the voice's own."""


@dataclass(frozen=True, slots=True)
class CastMember:
    """A character in the cast."""

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
    members: tuple[CastMember, ...] = ()
    changes: dict[str, str] = field(default_factory=dict)
    """`chapter.paragraph` or `chapter.paragraph.piece`, from 1, to the speaker's name."""
    attribution: Attribution | None = None
    """None to let the narrator say everything."""

    def roles(self) -> dict[str, Role]:
        """Returns the role of every speaker, the narrator's under the empty name."""
        found = {"": self.narrator}
        if self.attribution is None:
            return found
        by_gender = {"male": self.male, "female": self.female}
        genders = {c.name: c.gender for c in self.attribution.characters}
        own = {member.name: member for member in self.members}
        names = {line.speaker for line in self.attribution.lines} | set(self.changes.values())
        for name in sorted((names | set(own)) - {"", NARRATOR}):
            member = own.get(name)
            if member is not None and member.role.voice is not None:
                found[name] = member.role
                continue
            gender = member.gender if member else genders.get(name, "")
            found[name] = by_gender.get(gender) or self.narrator
        return found

    def lines_of(self, chapter: int) -> dict[tuple[int, int], str] | None:
        """Returns by (paragraph, piece) who speaks in a chapter; None if the narrator says all."""
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
    """Returns a cast of the narrator alone."""
    return Cast(role)


def by_gender(
    book: Book, narrator: str | None, male: str | None, female: str | None, speed: float = 1.0
) -> Cast:
    """Returns a simple cast of voices: the narrator's, one for men, one for women. Without the last
    two the narrator says everything."""
    men, women = (Role(voice, speed) if voice else None for voice in (male, female))
    attribution = attribute(book) if men or women else None
    return Cast(Role(narrator, speed), men, women, attribution=attribution)


def propose_cast(book: Book, voices: Sequence[Voice]) -> Cast:
    """Proposes a cast for a book: the default voice narrates, the most talkative characters get
    voices of their gender that differ, the others their gender's role."""
    attribution = attribute(book)
    narrator = Role(voices[0].id if voices else None)
    male, female = _first(voices, "male", narrator), _first(voices, "female", narrator)
    members = []
    used: list[tuple[str | None, float]] = [(narrator.voice, 1.0)]
    for index, character in enumerate(attribution.characters):
        role = Role()
        if index < _MAIN_CHARACTERS and character.gender:
            role = _propose(character, voices, used)
            used.append((role.voice, role.pitch))
        members.append(
            CastMember(
                character.name,
                character.gender,
                role,
                character.lines,
                tuple(character.aliases),
                character.example,
            )
        )
    return Cast(narrator, male, female, tuple(members), {}, attribution)


def _first(voices: Sequence[Voice], gender: str, narrator: Role) -> Role | None:
    """Returns a voice of that gender, the narrator's only if there is no other."""
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
