"""The options that several commands of ``sonca book`` take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="A .txt, .md, .html, .epub, .docx, .pdf, .srt or .vtt file."
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Of a text: utf-8, utf-16, windows-1258, viscii, tcvn3, vni. Default: found out.",
    ),
]
Ocr = Annotated[
    bool,
    typer.Option(
        "--ocr", help="Recognize the pages of a PDF that are pictures, by Tesseract with `vie`."
    ),
]
Engine = Annotated[str | None, typer.Option(help="Speak with this engine.")]
Lexicon = Annotated[
    Path | None, typer.Option(help="The book's own readings: a .tsv or .toml file.")
]
Chapters = Annotated[
    str,
    typer.Option(
        metavar="HOW",
        help="Where chapters begin: toc, headings, files, or a pattern of the lines that begin "
        "one. Default: the best of all signs; plan says which.",
    ),
]
Skip = Annotated[
    str,
    typer.Option(
        metavar="LIST", help="Chapters to leave out: numbers, ranges, parts of titles (1,4-6,Phụ)."
    ),
]
Only = Annotated[str, typer.Option(metavar="LIST", help="The only chapters to read, likewise.")]
Front = Annotated[
    bool,
    typer.Option("--front", help="Read title pages, copyright, dedication and contents, too."),
]
NotesRead = Annotated[
    Literal["skip", "paragraph", "chapter"],
    typer.Option(
        "--notes",
        metavar="WHERE",
        help="Leave notes out (skip), or read them after their paragraph or their chapter.",
    ),
]
