"""espeak-ng's C library as Python sees it: phonemes and 16-bit sound, in process.

The library keeps one set of C globals per loaded copy. A `Library` therefore belongs to the
thread that made it; whoever needs one of their own asks for a private copy, which loads the
same file a second time under another name (6 ms, 1.5 MB) and shares nothing. `Library` knows
nothing of utterances, voices for people, or requests.

The C interface is that of speak_lib.h, espeak-ng 1.52.
"""

from __future__ import annotations

import _ctypes
import ctypes
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sonca.errors import EngineError, EngineNotInstalled

# enum values of speak_lib.h
_RETRIEVAL_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000  # without it a bad data path ends the whole process
_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_EVENT_END_OF_LIST, _EVENT_WORD = 0, 1
_PHONEMES_IPA = 0x02

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""What text may not hold: control characters (1 begins a command, 0 ends the text) and lone
surrogates, which no encoding has."""

_MAX_DATA_PATH_BYTES = 150  # the library truncates at 160, and then finds no voice
_BUFFER_MS = 500  # made in 0.4 ms; every callback takes Python's lock and wakes a reader


class _EventId(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_SynthCallback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class WordEvent:
    """The moment at which a word begins to sound."""

    char_start: int
    """Index of its first code point in the text that was spoken."""
    sample: int
    """Sample index from the start of the sound."""


OnSound = Callable[[bytes, Sequence[WordEvent]], bool]
"""Takes a piece of sound (16-bit little endian mono) and the words that begin with it;
answers whether to go on."""


class Library:
    """One loaded copy of espeak-ng, for the one thread that made it.

    Raises `EngineNotInstalled` if the package espeakng-loader is not there, `EngineError` if the
    library does not start.
    """

    def __init__(self, *, private: bool = True) -> None:
        library_path, data_path = _locate()
        self._scratch: str | None = None
        self._private = private
        self._lib = _load(library_path, private=private)
        self._declare()
        # The callback object must outlive every call that may reach it.
        self._callback = _SynthCallback(self._on_sound)
        self._sink: OnSound | None = None
        self._failure: BaseException | None = None
        self._voice = ""
        rate = self._lib.espeak_Initialize(
            _RETRIEVAL_SYNCHRONOUS, _BUFFER_MS, os.fsencode(self._short(data_path)), _DONT_EXIT
        )
        if rate <= 0:
            raise EngineError(
                f"espeak-ng did not start with its data at {data_path}; reinstall espeakng-loader"
            )
        self.sample_rate_hz = int(rate)
        self._lib.espeak_SetSynthCallback(self._callback)

    def _declare(self) -> None:
        lib = self._lib
        lib.espeak_Info.restype = ctypes.c_char_p
        lib.espeak_Initialize.argtypes = (
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_int,
        )
        lib.espeak_SetVoiceByName.argtypes = (ctypes.c_char_p,)
        lib.espeak_SetParameter.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int)
        lib.espeak_Synth.argtypes = (
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.POINTER(ctypes.c_uint),
            ctypes.c_void_p,
        )
        lib.espeak_TextToPhonemes.argtypes = (
            ctypes.POINTER(ctypes.c_char_p),
            ctypes.c_int,
            ctypes.c_int,
        )
        lib.espeak_TextToPhonemes.restype = ctypes.c_char_p

    def _short(self, data_path: Path) -> Path:
        """Returns the data path, through a link in the temporary folder if it is too long."""
        if len(os.fsencode(data_path)) <= _MAX_DATA_PATH_BYTES:
            return data_path
        self._scratch = tempfile.mkdtemp(prefix="sonca-")
        link = Path(self._scratch, "espeak-ng-data")
        link.symlink_to(data_path)
        return Path(self._scratch)

    @property
    def version(self) -> str:
        """espeak-ng's own version, such as ``1.52.0``."""
        return str(self._lib.espeak_Info(None).decode().split()[0])

    def _set_voice(self, name: str) -> None:
        if name == self._voice:
            return
        if self._lib.espeak_SetVoiceByName(name.encode()) != 0:
            raise EngineError(f"espeak-ng has no voice {name!r}; reinstall espeakng-loader")
        self._voice = name

    def speak(
        self, text: str, voice: str, on_sound: OnSound, *, words_per_minute: int, pitch: int
    ) -> None:
        """Speaks plain text, handing out sound as it is made; returns when it is all made.

        `voice` is the name of a voice file, such as ``vi`` or ``vi-vn-x-south+f4``. It reaches the
        file system: it must come from a list of ours, never from a user. The rate is 80 to 450
        words a minute, `pitch` 0 to 100, and 50 is the voice's own. Markup is never interpreted:
        the flags for SSML and for inline phonemes stay off, and `CONTROLS` are read as blanks.
        """
        self._set_voice(voice)
        self._lib.espeak_SetParameter(_RATE, words_per_minute, 0)
        self._lib.espeak_SetParameter(_PITCH, pitch, 0)
        self._lib.espeak_SetParameter(_RANGE, 50, 0)
        encoded = CONTROLS.sub(" ", text).encode("utf-8")
        self._sink, self._failure = on_sound, None
        try:
            status = self._lib.espeak_Synth(encoded, len(encoded) + 1, 0, 0, 0, _UTF8, None, None)
        finally:
            self._sink = None
        if self._failure is not None:
            raise self._failure
        if status != 0:
            raise EngineError(f"espeak-ng failed with status {status} on {text[:40]!r}")

    def _on_sound(self, wav: object, count: int, events: object) -> int:
        """Takes sound from C; returns 0 to go on and 1 to stop. An exception cannot cross C, so
        it is kept."""
        if self._sink is None:
            return 1
        try:
            words = _words(events)
            sound = ctypes.string_at(wav, count * 2) if wav and count > 0 else b""  # type: ignore[arg-type]
            if not sound and not words:
                return 0
            return 0 if self._sink(sound, words) else 1
        except BaseException as error:
            self._failure = error
            return 1

    def phonemes(self, text: str, voice: str = "en-us") -> str:
        """Returns the IPA of a text in a voice's language; clauses are joined by a blank."""
        return " ".join(filter(None, (ipa for ipa, _ in self.clauses(text, voice))))

    def clauses(self, text: str, voice: str) -> list[tuple[str, int]]:
        """Returns the IPA of each clause, and how many code points were read by then.

        A clause is read with the punctuation that ends it and, except for the last, with the
        first character of the next one.
        """
        self._set_voice(voice)
        encoded = text.encode("utf-8")
        cursor = ctypes.c_char_p(encoded)
        start = ctypes.cast(cursor, ctypes.c_void_p).value or 0
        clauses, read, chars = [], 0, 0
        # The library reads one clause a call and moves the pointer behind it, to NULL at the end.
        while cursor.value is not None:
            ipa = self._lib.espeak_TextToPhonemes(ctypes.byref(cursor), _UTF8, _PHONEMES_IPA)
            now = ctypes.cast(cursor, ctypes.c_void_p).value
            upto = len(encoded) if now is None else now - start
            chars += len(encoded[read:upto].decode("utf-8", "replace"))
            read = upto
            clauses.append(((ipa or b"").decode("utf-8").strip(), chars))
        return clauses

    def close(self) -> None:
        """Frees the library's memory, a private copy with its code. Nothing may be called after
        it."""
        lib, self._lib = self._lib, ctypes.CDLL(None)  # a late call is an error and no crash
        lib.espeak_Terminate()
        if self._private and hasattr(_ctypes, "dlclose"):  # not on Windows
            _ctypes.dlclose(lib._handle)
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None


def installed() -> bool:
    """Returns whether the package that carries the library is there."""
    try:
        _locate()
    except EngineNotInstalled:
        return False
    return True


def _locate() -> tuple[Path, Path]:
    """Returns where the library and its data folder lie."""
    try:
        import espeakng_loader
    except ImportError as error:
        raise EngineNotInstalled(
            "the embedded voice needs the package espeakng-loader: pip install espeakng-loader"
        ) from error
    return Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path())


def _load(library_path: Path, *, private: bool) -> ctypes.CDLL:
    """Loads the library, under a name of its own if `private`."""
    if not private:
        return ctypes.CDLL(str(library_path))
    with tempfile.NamedTemporaryFile(prefix="sonca-espeak-", suffix=".so") as copy:
        copy.write(library_path.read_bytes())
        copy.flush()
        return ctypes.CDLL(copy.name)


def _words(events: object) -> list[WordEvent]:
    """Returns the word events of a callback's list, which ends with a terminator."""
    words: list[WordEvent] = []
    index = 0
    while events and events[index].type != _EVENT_END_OF_LIST:  # type: ignore[index]
        event = events[index]  # type: ignore[index]
        if event.type == _EVENT_WORD:
            words.append(WordEvent(max(event.text_position - 1, 0), event.sample))
        index += 1
    return words
