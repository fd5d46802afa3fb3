"""Makes DOCX files of what Word, LibreOffice and Google Docs write, for tests."""

from __future__ import annotations

from pathlib import Path

from tests.book.book_files import pack

_W = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
)


def p(inside: str, properties: str = "") -> str:
    """A paragraph; plain text becomes a run."""
    properties = f"<w:pPr>{properties}</w:pPr>" if properties else ""
    return f"<w:p>{properties}{inside if inside.startswith('<') else r(inside)}</w:p>"


def r(text: str, look: str = "") -> str:
    """A run; line ends are Shift+Enter, tabs are tabs."""
    text = text.replace("\n", "</w:t><w:br/><w:t xml:space='preserve'>")
    text = text.replace("\t", "</w:t><w:tab/><w:t xml:space='preserve'>")
    look = f"<w:rPr>{look}</w:rPr>" if look else ""
    return f"<w:r>{look}<w:t xml:space='preserve'>{text}</w:t></w:r>"


def sup(text: str) -> str:
    return r(text, '<w:vertAlign w:val="superscript"/>')


def sub(text: str) -> str:
    return r(text, '<w:vertAlign w:val="subscript"/>')


def item(text: str, level: int = 0, id: int = 1) -> str:
    """A numbered paragraph."""
    return p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{id}"/></w:numPr>')


def styled(text: str, style: str) -> str:
    return p(text, f'<w:pStyle w:val="{style}"/>')


def style(id: str, name: str, inside: str = "", based_on: str = "") -> str:
    base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
    return f'<w:style w:styleId="{id}"><w:name w:val="{name}"/>{base}{inside}</w:style>'


def numbering(*levels: tuple[str, str], more: str = "", nums: str = "") -> str:
    """A list with the format and the text of each level, used by list 1."""
    inside = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/>{more}</w:lvl>'
        for i, (form, text) in enumerate(levels)
    )
    return (
        f'<w:abstractNum w:abstractNumId="0">{inside}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>{nums}'
    )


def field(instruction: str, result: str) -> str:
    """A field as Word writes it, in runs."""
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    return (
        f"{mark.format('begin')}<w:r><w:instrText>{instruction}</w:instrText></w:r>"
        f"{mark.format('separate')}{result}{mark.format('end')}"
    )


def docx(path: Path, body: str, *, styles: str = "", numbers: str = "", **parts: str) -> Path:
    """Writes a DOCX file; `parts` are whole further parts of its folder `word`."""
    styles = style("H1", "heading 1") + style("H2", "heading 2") + styles
    head = "<?xml version='1.0'?>"
    content = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": f"{head}<w:document {_W}><w:body>{body}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {_W}>{styles}</w:styles>",
    }
    if numbers:
        content["word/numbering.xml"] = f"<w:numbering {_W}>{numbers}</w:numbering>"
    for name, inside in parts.items():
        content[f"word/{name}.xml"] = f"<w:{name} {_W}>{inside}</w:{name}>"
    return pack(path, content)
