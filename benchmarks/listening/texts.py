"""What is spoken: plain sentences, each of them once."""

from __future__ import annotations

import random
from pathlib import Path

_DATA = Path(__file__).resolve().parents[2] / "tests/text/data"
_WHO = (
    "the old carpenter", "my younger sister", "a tall man in a grey coat", "the village doctor",
    "our new neighbour", "the captain of the ferry", "her grandfather", "a group of students",
    "the baker's youngest son", "the woman at the window", "every child in the street",
    "the tired teacher", "a farmer from the valley", "the museum guard", "my best friend",
    "the night watchman", "a boy with a red kite", "the judge", "their cousin", "the gardener",
)  # fmt: skip
_DID = (
    "repaired the wooden gate", "read a long letter aloud", "carried a basket of apples",
    "forgot to lock the door", "told us a strange story", "bought two loaves of bread",
    "painted the small boat blue", "counted the stars again", "lost a silver button",
    "waited for the last train", "sang an old song quietly", "opened the heavy window",
    "drew a map of the island", "found a coin under the bridge", "planted a row of young trees",
    "asked for a glass of water", "watched the rain in silence", "washed the dusty lamp",
    "promised to come back soon", "left a bicycle near the well",
)  # fmt: skip
_WHEN = (
    "behind the school before dinner", "while the market was still closed",
    "on the first cold morning of autumn", "because nobody else had time",
    "after the storm had passed", "at the end of the narrow road", "without saying another word",
    "as soon as the bell rang", "in the shade of the chestnut tree", "when the lights went out",
    "during the summer holidays", "and nobody noticed until evening", "just as the bus arrived",
    "although it was already late", "next to the empty fountain", "for the third time this week",
)  # fmt: skip


def english(count: int) -> str:
    """Returns sentences of 8 to 17 words."""
    draw = random.Random(16)
    every = [(who, did, when) for who in _WHO for did in _DID for when in _WHEN]
    lines = (" ".join(parts) for parts in draw.sample(every, count))
    return "\n".join(line[0].upper() + line[1:] + "." for line in lines)


def vietnamese() -> str:
    """Returns the story and the sentences of the tests, to be cut to length by the plan."""
    names = ("story_vi.txt", "sentences_vi.txt")
    return "\n".join((_DATA / name).read_text("utf-8") for name in names)
