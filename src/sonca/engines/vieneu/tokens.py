"""Phonemes as the model's token ids, by the ``tokenizer.json`` that comes with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.config import ModelConfig

_SAMPLE = "sˈin tʃˈaː2w."


class Tokens:
    """A model's tokenizer."""

    def __init__(self, path: Path, config: ModelConfig) -> None:
        """Reads it. Raises `BadModel` if it is none, or of a model with other tokens."""
        from tokenizers import Tokenizer

        try:
            self._tokenizer: Any = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing more precise
            raise BadModel(f"{path} is no tokenizer: {error}; pull the model again") from error
        size = self._tokenizer.get_vocab_size()
        if size > config.text_vocab:
            raise BadModel(
                f"{path} has {size} tokens, the model has {config.text_vocab}: it is the tokenizer "
                "of another model; pull the model again"
            )
        structure = {config.text_start, config.text_end, config.frame, config.end, config.reference}
        sample = self.encode(_SAMPLE)
        if not sample or not structure.isdisjoint(sample) or max(sample) >= config.text_vocab:
            raise BadModel(
                f"{path} reads {_SAMPLE!r} as {sample}, which cannot be this model's phonemes: it "
                "is the tokenizer of another model; pull the model again"
            )

    def encode(self, phonemes: str) -> list[int]:
        """Returns the ids of phonemes, without any that mark beginning or end."""
        return list(self._tokenizer.encode(phonemes, add_special_tokens=False).ids)
