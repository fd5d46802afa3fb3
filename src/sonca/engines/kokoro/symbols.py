"""The phonemes that a Kokoro model knows, and the number of each.

Every published Kokoro has the same 114. A model may bring its own in ``config.json`` (as
hexgrad's does) or ``tokenizer.json`` (as the exports for browsers do), and that one counts then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sonca.engines.runtime import BadModel

CONFIG, TOKENIZER = "config.json", "tokenizer.json"
PAD = 0
"""Stands before the first phoneme and after the last."""
MAX_SYMBOLS = 510
"""In one run of the model, which has 512 places."""
_TOKENS = 178
"""Rows of the model's table; a number past the end would be a symbol of another model."""
_MOST_BYTES = 4 << 20
# The first number of a row of neighbours, and the symbols that have them, as in the config.json
# of Kokoro-82M.
_ROWS: tuple[tuple[int, str], ...] = (
    (1, ";:,.!?"),
    (9, '—…"()“” \u0303ʣʥʦʨᵝ\uab67AI'),
    (31, "O"),
    (33, "Q"),
    (35, "ST"),
    (39, "W"),
    (41, "Yᵊabcdef"),
    (50, "hijklmnopqrstuvwxyzɑɐɒæ"),
    (75, "βɔɕç"),
    (80, "ɖðʤə"),
    (85, "ɚɛɜ"),
    (90, "ɟ"),
    (92, "ɡ"),
    (99, "ɥ"),
    (101, "ɨɪʝ"),
    (110, "ɯɰŋɳɲɴø"),
    (118, "ɸθœ"),
    (123, "ɹ"),
    (125, "ɾɻ"),
    (128, "ʁɽʂʃʈʧ"),
    (135, "ʊʋ"),
    (138, "ʌɣɤ"),
    (142, "χʎ"),
    (147, "ʒʔ"),
    (156, "ˈˌː"),
    (162, "ʰ"),
    (164, "ʲ"),
    (169, "↓"),
    (171, "→↗↘"),
    (177, "ᵻ"),
)
PUBLISHED: Mapping[str, int] = {
    symbol: first + place for first, row in _ROWS for place, symbol in enumerate(row)
}


def read_symbols(folder: Path) -> Mapping[str, int]:
    """Returns a model's symbols: its own if it brings them, else the published ones.

    Raises `BadModel` if the file holds none, or numbers that no Kokoro has.
    """
    for name, keys in ((CONFIG, ("vocab",)), (TOKENIZER, ("model", "vocab"))):
        path = folder / name
        if path.is_file():
            found = _inside(_read(path), keys)
            if found is not None:
                return _checked(found, path)
    return PUBLISHED


def _read(path: Path) -> object:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadModel(f"{path} is larger than {_MOST_BYTES:,} bytes, it is not the model's")
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadModel(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadModel(f"{path} is not JSON; fetch the model again") from error


def _inside(content: object, keys: tuple[str, ...]) -> object:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _checked(found: object, path: Path) -> Mapping[str, int]:
    if not isinstance(found, dict) or not found:
        raise BadModel(f"{path} has no list of phonemes: it is not that of a Kokoro model")
    for symbol, number in found.items():
        if not isinstance(number, int) or not 0 <= number < _TOKENS:
            raise BadModel(
                f"{path} gives {symbol!r} the number {number!r}; a Kokoro model has 0 to "
                f"{_TOKENS - 1}: it is the tokenizer of another model"
            )
    return {symbol: number for symbol, number in found.items() if number != PAD}
