"""EPUB: the chapters of a book in the order of its spine."""

from __future__ import annotations

from rag.readers.archive import Archive, target
from rag.readers.draft import Draft, Unreadable
from rag.readers.formats import MAX_CHARACTERS, too_much_text
from rag.readers.html import iso_date, render, tree
from rag.readers.metadata import language_code, stated_title
from rag.readers.outline import Outline
from rag.readers.unseen import unseen_below

_CONTAINER = "META-INF/container.xml"
_PACKAGE = "{http://www.idpf.org/2007/opf}"
_DUBLIN = "{http://purl.org/dc/elements/1.1/}"


def parse_epub(data: bytes) -> Draft:
    """The text of a book without its table of contents; title, language and date from its package."""
    archive = Archive(data)
    if "META-INF/encryption.xml" in archive and "META-INF/rights.xml" in archive:
        raise Unreadable("is encrypted (DRM)", "encrypted")
    package = next((file.get("full-path") for file in archive.xml(_CONTAINER).iter("{*}rootfile")), None)
    if not package:
        raise Unreadable(f"is damaged: {_CONTAINER} names no book")
    book = archive.xml(package)
    items = {item.get("id"): item for item in book.iter(f"{_PACKAGE}item")}
    outline = Outline()
    for reference in book.iter(f"{_PACKAGE}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        name = target(package, item.get("href") or "")
        if name in archive and (chapter := archive.read(name)).strip():
            body = tree(chapter)
            render(next(body.iter("body"), body), outline, unseen_below(body))
        if outline.characters > MAX_CHARACTERS:
            raise too_much_text()
    said = {name: next((e.text for e in book.iter(f"{_DUBLIN}{name}") if e.text), None) for name in _SAID}
    return Draft(
        text=outline.text,
        title=stated_title(said["title"]) or outline.title,
        hint=language_code(said["language"]),
        date=iso_date(said["date"]),
        marked=True,
    )


_SAID = ("title", "language", "date")
