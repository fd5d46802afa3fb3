"""What ZeroTTS reads: our spoken words with foreign ones as they are written, and its text ids.

The model was trained on written text with punctuation, so it spells and switches language by
itself. Characters that it has never seen are not sent.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sonca.engines.runtime import BadModel
from sonca.utterance import Utterance

_SPECIAL = ("<pad>", "<bos>", "<eot>", "<soa>", "<slot>", "<eoa>", "<en>", "<vi>")
"""Their ids, from 0, are part of the weights."""
_BEGIN, _END = 1, 2
_LONGEST = 512
"""Text ids between begin and end; an utterance is shorter."""
_PAUSE = re.compile(r"[^\w\s\-/.,:?@!\"'%]")
"""What becomes a comma inside a sentence: the model does not know it as a pause."""
_AFTER_LAST_WORD = re.compile(r"[^\w]+$")
_BEFORE_FIRST_WORD = re.compile(r"^[^\w\"']+")
_COMMAS = re.compile(r"\s*(?:,\s*)+")
_BLANKS = re.compile(r"\s+")


def written(utterance: Utterance) -> str:
    """Returns what is spoken, with foreign words in their original spelling instead of how they
    sound in Vietnamese."""
    spoken, pieces, at = utterance.spoken, [], 0
    before: tuple[tuple[int, int], str] | None = None
    for word in utterance.words:
        if word.foreign is None:
            before = None
            continue
        start, end = word.spoken
        if before != (word.source, word.foreign):  # several spoken words may read one
            pieces += [spoken[at:start], word.foreign]
        before, at = (word.source, word.foreign), end
    return "".join([*pieces, spoken[at:]])


def cleaned(text: str) -> str:
    """Returns a sentence with the punctuation that the model can voice: no mark before the first
    word, commas for what it does not know, one stop at the end. Empty if nothing is said."""
    text = _BLANKS.sub(" ", unicodedata.normalize("NFC", text).replace(";", ",")).strip()
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs", "Cf"))
    last = _AFTER_LAST_WORD.search(text)
    core, ends = (text[: last.start()], last[0].rstrip()) if last else (text, "")
    core = _COMMAS.sub(", ", _PAUSE.sub(",", core)).strip(" ,")
    core = _BEFORE_FIRST_WORD.sub("", core)
    if not core:
        return ""
    return core[0].upper() + core[1:] + (ends[-1] if ends.endswith((".", "!", "?")) else ".")


class TextIds:
    """The tokenizer of a model."""

    def __init__(self, path: Path) -> None:
        """Reads ``tokenizer.json``. Raises `BadModel` if it is not the weights' own."""
        from tokenizers import Tokenizer

        if not path.is_file():
            raise BadModel(f"{path} is missing; fetch the model again")
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library has no class of its own for it
            raise BadModel(f"{path} cannot be read as a tokenizer: {error}") from error
        known = self._tokenizer.get_vocab()
        for wanted, name in enumerate(_SPECIAL):
            if known.get(name) != wanted:
                raise BadModel(
                    f"{path}: {name} has the id {known.get(name)} and must have {wanted}; "
                    "it is the tokenizer of another model"
                )
        self._unknown = known.get("<unk>")
        self.size = 1 + max(known.values())

    def __call__(self, text: str) -> npt.NDArray[np.int64]:
        """Returns (L,) ids of a sentence, with its beginning and end. What the model has no id for
        is left out; only those two remain if that is all."""
        body = self._tokenizer.encode(text, add_special_tokens=False).ids
        body = [id for id in body if id != self._unknown and id >= len(_SPECIAL)][:_LONGEST]
        return np.array([_BEGIN, *body, _END], np.int64)
