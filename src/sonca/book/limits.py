"""Limits that keep a hostile or mistaken file from costing more than a look."""

from __future__ import annotations

MiB = 1024 * 1024

MAX_FILE_BYTES = 200 * MiB
"""The file itself: an EPUB with pictures."""
MAX_TEXT_BYTES = 32 * MiB
"""A file that is all text, or one part of a packed one: some 60 novels."""
MAX_UNPACKED_BYTES = 256 * MiB
"""All parts of a packed file that are read, unpacked."""
MAX_ENTRIES = 20_000
"""Parts of a packed file."""
MAX_RATIO = 200
"""Unpacked over packed bytes of one part over `RATIO_FREE_BYTES`; text packs 3 to 10 times."""
RATIO_FREE_BYTES = 1 * MiB
MAX_COVER_BYTES = 10 * MiB
"""Elements inside each other in XML."""
MAX_CHAPTERS = 20_000
MAX_TITLE_CHARS = 200
"""Longer titles are cut."""
MAX_CHAPTER_CHARS = 5_000_000
MAX_SPEAKERS = 500
"""Characters in a cast."""
