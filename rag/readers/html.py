"""Web pages: the main text as blocks, without navigation, and what the page says about itself."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from itertools import islice
from typing import TYPE_CHECKING, Any

from rag.readers.canonical import one_line
from rag.readers.charset import decode_declared
from rag.readers.dates import parse_date
from rag.readers.draft import Draft, Unreadable
from rag.readers.elements import (
    ASIAN_BREAK,
    BLOCKS,
    HEADINGS,
    MAX_CELL,
    flat,
    is_block,
    is_hidden,
    said_as_a_whole,
    tag_of,
)
from rag.readers.grid import cells_of, laid_out, titles
from rag.readers.main_text import MIN_PROSE, main_text
from rag.readers.metadata import language_code
from rag.readers.numbering import Numbering
from rag.readers.outline import Outline
from rag.writing import ends_sentence, width

if TYPE_CHECKING:
    from lxml.etree import _Element

_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w:.-]+)|<\?xml[^>]{0,80}encoding=["']([\w.-]+)""", re.I
)
_SPACES = re.compile(r"\s+")
_ISO = re.compile(r"\s*((?:19|20)\d\d-\d\d-\d\d)")
_DATE_NAMES = (
    "article:published_time", "datepublished", "date", "dc.date", "dc.date.issued", "dcterms.date", "dcterms.created",
    "dcterms.issued", "citation_publication_date", "pubdate", "publishdate", "sailthru.date", "og:published_time",
)  # fmt: skip


#: So many times of a page are looked at for its date.
_MOST_TIMES = 100
#: What stands here is about other pages, or a row of data.
_BESIDE = frozenset(("aside", "nav", "footer", "li", "td", "th"))


def parse_html(data: bytes) -> Draft:
    """The main text of a web page, its headings marked; title, date, language and address from its head."""
    root = tree(data)
    outline = Outline()
    main, left_out = main_text(root)
    render(main, outline, left_out)
    return Draft(
        text=outline.text,
        title=_title(root, outline),
        hint=_language(root),
        date=_date(root, main, left_out),
        url=_address(root),
        marked=True,
    )


def tree(page: bytes | str) -> _Element:
    """The element tree of HTML or XHTML: of bytes in any encoding, or of a text whatever encoding it declares."""
    from lxml import etree

    text = (page if isinstance(page, str) else _decoded(page)).replace("\0", "")
    if not text.strip():
        raise Unreadable("is empty", "empty")
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if root is None:
        raise Unreadable("is empty", "empty")
    return root


def _decoded(data: bytes) -> str:
    declared = _CHARSET.search(data[:4096])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        label = (declared[1] or declared[2]).decode("ascii")
        # It could not have been found in UTF-16: browsers take such a page for UTF-8.
        return decode_declared(data, None if label.lower().startswith(("utf-16", "utf-32")) else label)
    return decode_declared(data, None)


def render(root: _Element, outline: Outline, left_out: Collection[_Element] = ()) -> None:
    """Add the blocks below an element to an outline, but for those that are to be left out."""
    _Renderer(outline, left_out).run(root)


class _Renderer:
    """Walks over a tree without recursion, so that a page nested a million times deep does no harm."""

    def __init__(self, outline: Outline, left_out: Collection[_Element]) -> None:
        self._outline = outline
        self._left_out = left_out
        self._words: list[str] = []
        self._lists: list[Numbering | None] = []
        self._marker: str | None = None
        self._preformatted = 0

    def run(self, root: _Element) -> None:
        from lxml import etree

        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            tag = tag_of(element)
            if event == "start":
                if is_hidden(element) or element in self._left_out or (tag == "table" and self._table(element)):
                    walk.skip_subtree()
                elif (said := said_as_a_whole(element, self._words)) is not None:
                    self._words.append(said)
                    walk.skip_subtree()
                else:
                    self._open(element, tag)
            else:
                if not is_hidden(element) and element not in self._left_out:
                    self._close(element, tag)
                if element is not root and element.tail:
                    self._words.append(self._inline(element.tail))
        self._flush()
        self._outline.term("")

    def _open(self, element: _Element, tag: str) -> None:
        if is_block(element):
            self._flush()
        if tag == "dl":
            self._outline.term("")
        elif tag in ("ul", "ol", "dir"):
            self._lists.append(Numbering(element) if tag == "ol" else None)
        elif tag == "li":
            numbering = self._lists[-1] if self._lists else None
            self._marker = numbering.marker(element) if numbering else "-"
        elif tag == "pre":
            self._preformatted += 1
        elif tag == "br":
            self._words.append("\n")
        if element.text:
            self._words.append(self._inline(element.text))

    def _close(self, element: _Element, tag: str) -> None:
        if tag in HEADINGS or (_is_named_title(element) and _may_be_title("".join(self._words))):
            self._outline.heading(self._taken())
        elif tag == "dt":
            self._outline.term(self._taken())
        elif tag in BLOCKS:
            self._flush()
        if tag == "dl":
            self._outline.term("")
        elif tag in ("ul", "ol", "dir") and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._marker = None
        elif tag == "pre":
            self._preformatted -= 1

    def _flush(self) -> None:
        words = self._taken()
        if not words.strip():
            return
        if self._preformatted:
            self._outline.code(words.strip("\n"))
        elif self._marker is not None:
            self._outline.item(words, self._marker)
            self._marker = None
        else:
            self._outline.paragraph(words)

    def _taken(self) -> str:
        """Return the words since the last block, and begin the next one."""
        words, self._words = "".join(self._words), []
        return words

    def _inline(self, text: str) -> str:
        # Line breaks of the source are spaces, but between two East Asian characters there is none to be seen.
        return text if self._preformatted else _SPACES.sub(" ", ASIAN_BREAK.sub("", text))

    def _table(self, table: _Element) -> bool:
        """Add a table of data, and say whether it was one: what holds tables or long cells is a layout."""
        if next(table.iterdescendants("table"), None) is not None:
            return False
        rows = cells_of(table)
        if max(map(len, rows), default=0) < 2 or any(len(cell.text) > MAX_CELL for row in rows for cell in row):
            return False
        self._flush()
        self._outline.term("")
        above = titles(rows)
        for title in (*map(flat, table.iter("caption")), *(row[0].text for row in rows[:above])):
            self._outline.paragraph(title)
        texts, header = laid_out(rows[above:])
        self._outline.table(texts, header=header)
        return True


def _is_named_title(element: _Element) -> bool:
    """Whether a paragraph is named as the title of what follows, as DocBook writes those of notes and examples."""
    return tag_of(element) == "p" and "title" in (element.get("class") or "").split()


def _may_be_title(words: str) -> bool:
    return width(words) < MIN_PROSE and not ends_sentence(words.strip())


# What the page says about itself


def _title(root: _Element, outline: Outline) -> str | None:
    """The heading that the page's title repeats, else the title: that one often ends with the site's name."""
    title = next(
        (flat_title for element in root.iter("title") if (flat_title := one_line("".join(element.itertext())))), ""
    )
    title = _meta(root, ("og:title", "dc.title", "citation_title")) or title
    first = outline.title or ""
    if first and (not title or first.casefold() in title.casefold()):
        return first
    return title or None


def _language(root: _Element) -> str | None:
    stated = (
        root.get("lang"),
        root.get("{http://www.w3.org/XML/1998/namespace}lang"),
        root.get("xml:lang"),
        *(body.get("lang") for body in root.iter("body")),
        _meta(root, ("content-language", "dc.language", "og:locale", "language")),
    )
    return next((code for value in stated if (code := language_code(value))), None)


def _date(root: _Element, main: _Element, left_out: Collection[_Element]) -> str | None:
    for name in _DATE_NAMES:
        if found := iso_date(_meta(root, (name,))):
            return found
    for script in root.iter("script"):
        if script.get("type") == "application/ld+json" and (found := iso_date(_published(script.text or ""))):
            return found
    times = [time for part in (main, root) for time in islice(part.iter("time"), _MOST_TIMES)]
    named = [time for time in times if _is_of_publication(time)]
    said = (time.get("datetime") or "".join(time.itertext()) for time in named or times if _is_a_byline(time, left_out))
    return next((found for time in said if (found := iso_date(time))), None)


def _is_of_publication(time: _Element) -> bool:
    names = " ".join((time.get("itemprop") or "", time.get("class") or "")).casefold()
    return time.get("pubdate") is not None or "publi" in names or "entry-date" in names


def _is_a_byline(time: _Element, left_out: Collection[_Element]) -> bool:
    """Whether a time may be the page's: it stands neither in prose, which tells when something was, nor beside it."""
    around = list(time.iterancestors())
    if any(element in left_out or tag_of(element) in _BESIDE for element in around):
        return False
    block = next(filter(is_block, around), time)
    return width(flat(block)) < MIN_PROSE


def _published(text: str) -> str | None:
    """The date of publication in a page's linked data."""
    try:
        waiting: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError):
        return None
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, dict):
            if isinstance(item.get("datePublished"), str):
                return str(item["datePublished"])
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return None


def iso_date(value: str | None) -> str | None:
    """The date at the beginning of a time stamp, or written in words."""
    if not value:
        return None
    match = _ISO.match(value)
    return parse_date(match[1] if match else one_line(value)[:80])


def _address(root: _Element) -> str | None:
    links = (link.get("href") for link in root.iter("link") if (link.get("rel") or "").lower() == "canonical")
    addresses = (*links, _meta(root, ("og:url",)))
    return next((address for address in addresses if address and address.startswith(("http://", "https://"))), None)


def _meta(root: _Element, names: tuple[str, ...]) -> str | None:
    """What the first ``meta`` element with one of these names says, in the order of the names."""
    said: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("http-equiv") or meta.get("itemprop") or ""
        if content := one_line(meta.get("content") or ""):
            said.setdefault(name.lower(), content)
    return next((said[name] for name in names if name in said), None)
