"""Text to ids, by byte-pair encoding with the vocabulary that comes with the weights."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from sonca.errors import EngineError

_SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_LANGUAGES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no "
    "th ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw "
    "gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl "
    "mg as tt haw ln ha ba jw su yue"
)
_EVENTS = "ASR AED SER Speech /Speech BGM /BGM Laughter /Laughter Applause /Applause"
_EMOTIONS = "HAPPY SAD ANGRY NEUTRAL"
_TASKS = "translate transcribe startoflm startofprev nospeech notimestamps"
_TTS = "B O Q A CO CL H"


def special_names() -> list[str]:
    """Returns the special tokens in the order of their ids, which follow the vocabulary's."""
    words = f"endoftext startoftranscript {_LANGUAGES} {_EVENTS} {_EMOTIONS} {_TASKS}"
    names = words.split()
    names += [f"SPECIAL_TOKEN_{i}" for i in range(1, 31)]
    names += [f"TTS/{name}" for name in _TTS.split()]
    names += [f"TTS/SP{i:02d}" for i in range(1, 14)]
    names += [f"{i * 0.02:.2f}" for i in range(1501)]
    return [f"<|{name}|>" for name in names]


class Tokenizer:
    """Encodes pieces of text; markers such as `<|endoftext|>` in them are plain text."""

    def __init__(self, ranks: dict[bytes, int]) -> None:
        import tiktoken

        names = special_names()
        self.specials = {name: len(ranks) + i for i, name in enumerate(names)}
        self.encoding = tiktoken.Encoding(
            "viettts", pat_str=_SPLIT, mergeable_ranks=ranks, special_tokens=self.specials
        )

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """Reads a `.tiktoken` file: lines of base64 and rank."""
        try:
            lines = path.read_bytes().splitlines()
            pairs = (line.split() for line in lines if line)
            ranks = {base64.b64decode(token): int(rank) for token, rank in pairs}
        except OSError as error:
            raise EngineError(
                f"cannot read the vocabulary {path.name}: {error.strerror}; "
                "run `sonca models convert` again"
            ) from error
        except (ValueError, binascii.Error) as error:
            raise EngineError(f"{path.name} is not a tiktoken vocabulary: {error}") from error
        if sorted(ranks.values()) != list(range(len(ranks))):
            raise EngineError(f"{path.name} is damaged: its ranks are not 0 to {len(ranks) - 1}")
        return cls(ranks)

    @property
    def size(self) -> int:
        """Returns how many ids there are."""
        return int(self.encoding.n_vocab)

    def encode(self, text: str) -> list[int]:
        """Returns the ids of `text`; special markers in it are read as ordinary characters."""
        return list(self.encoding.encode_ordinary(text))
