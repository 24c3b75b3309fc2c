"""Web pages: the main text as blocks, without navigation, and what the page says about itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rag.readers.canonical import one_line
from rag.readers.charset import decode_declared
from rag.readers.dates import parse_date
from rag.readers.draft import Draft, Unreadable
from rag.readers.metadata import language_code
from rag.readers.outline import Outline

if TYPE_CHECKING:
    from lxml.etree import _Element

#: An element named as the main text is taken for it if it holds this share of the page's text.
MAIN_SHARE = 0.4
#: What is taken for navigation is left out only while this share of the text remains: else the page is an index.
REST_SHARE = 0.3
#: Share of a block's text in links from which it is navigation, if it has so many links and no sentences.
LINKED_SHARE = 0.75
MIN_LINKS = 3
#: A table with a cell longer than this is a layout, not a table.
MAX_CELL = 600

_HIDDEN = frozenset((
    "script", "style", "head", "template", "noscript", "iframe", "object", "embed", "svg", "canvas", "audio", "video",
    "button", "select", "option", "input", "textarea", "datalist", "dialog", "map", "rt", "rp", "nav", "menu",
    "progress",
))  # fmt: skip
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "li",
    "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))  # fmt: skip
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_NAVIGATION_ROLES = frozenset(("navigation", "banner", "contentinfo", "search", "menu", "menubar", "toolbar", "dialog"))
_NAVIGATION_NAME = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|docnav|navheader|navfooter|breadcrumbs?|menu|sidebar|footer|cookies?|consent|"
    r"share|sharing|social|related|recommended|newsletter|advert(?:isement)?|ads?|banner|comments?|skip-link|toolbar|"
    r"sphinxsidebar|headerlink|mw-editsection|noprint|toc)(?:$|[\s_-])",
    re.IGNORECASE,
)
_INVISIBLE_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w:.-]+)|<\?xml[^>]{0,80}encoding=["']([\w.-]+)""", re.I
)
_ISO = re.compile(r"\s*((?:19|20)\d\d-\d\d-\d\d)")
_DATE_NAMES = (
    "article:published_time", "datepublished", "date", "dc.date", "dc.date.issued", "dcterms.date", "dcterms.created",
    "dcterms.issued", "citation_publication_date", "pubdate", "publishdate", "sailthru.date", "og:published_time",
)  # fmt: skip


def parse_html(data: bytes) -> Draft:
    """The main text of a web page, its headings marked; title, date, language and address from its head."""
    root = tree(data)
    outline = Outline()
    render(_main(root), outline)
    return Draft(
        text=outline.text,
        title=_title(root, outline),
        hint=_language(root),
        date=_date(root),
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
        return decode_declared(data, (declared[1] or declared[2]).decode("ascii"))
    return decode_declared(data, None)


def render(root: _Element, outline: Outline) -> None:
    """Add the blocks below an element to an outline."""
    _Renderer(outline).run(root)


class _Renderer:
    """Walks over a tree without recursion, so that a page nested a million times deep does no harm."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._words: list[str] = []
        self._lists: list[int | None] = []
        self._marker: str | None = None
        self._preformatted = 0

    def run(self, root: _Element) -> None:
        from lxml import etree

        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            tag = _tag(element)
            if event == "start":
                if (
                    tag in _HIDDEN
                    or element.get("data-crosscite-left-out")
                    or (tag == "table" and self._table(element))
                ):
                    walk.skip_subtree()
                else:
                    self._open(element, tag)
            else:
                if tag not in _HIDDEN and not element.get("data-crosscite-left-out"):
                    self._close(tag)
                if element is not root and element.tail:
                    self._words.append(self._inline(element.tail))
        self._flush()
        self._outline.term("")

    def _open(self, element: _Element, tag: str) -> None:
        if tag in _BLOCKS or tag in _HEADINGS:
            self._flush()
        if tag == "dl":
            self._outline.term("")
        elif tag in ("ul", "ol", "dir"):
            start = element.get("start") or "1"
            self._lists.append(int(start) if tag == "ol" and start.isdecimal() and len(start) < 9 else None)
        elif tag == "li":
            self._marker = self._next_marker()
        elif tag == "pre":
            self._preformatted += 1
        elif tag == "br":
            self._words.append("\n")
        if element.text:
            self._words.append(self._inline(element.text))

    def _close(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._outline.heading(self._taken())
        elif tag == "dt":
            self._outline.term(self._taken())
        elif tag in _BLOCKS:
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
        return text if self._preformatted else _SPACES.sub(" ", _ASIAN_BREAK.sub("", text))

    def _next_marker(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "-"
        self._lists[-1] = number + 1
        return f"{number}."

    def _table(self, table: _Element) -> bool:
        """Add a table of data, and say whether it was one: what holds tables or long cells is a layout."""
        if next(table.iterdescendants("table"), None) is not None:
            return False
        rows = [[cell for cell in row if _tag(cell) in ("td", "th")] for row in table.iter("tr")]
        rows = [row for row in rows if row]
        if not rows or max(map(len, rows)) < 2:
            return False
        texts = [[flat(cell) for cell in row] for row in rows]
        if any(len(text) > MAX_CELL for row in texts for text in row):
            return False
        self._flush()
        self._outline.term("")
        for caption in table.iter("caption"):
            self._outline.paragraph(flat(caption))
        first = rows[0]
        header = all(_tag(cell) == "th" for cell in first) or _tag(first[0].getparent().getparent()) == "thead"
        self._outline.table(texts, header=header)
        return True


_SPACES = re.compile(r"\s+")
_ASIAN_BREAK = re.compile(
    r"(?<=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])[ \t]*\n\s*(?=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])"
)


def flat(element: _Element) -> str:
    """The text below an element on one line."""
    from lxml import etree

    words: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, inner in walk:
        if event == "start":
            if _tag(inner) in _HIDDEN:
                walk.skip_subtree()
                continue
            words.append(" " if _tag(inner) in _BLOCKS or _tag(inner) == "br" else "")
            words.append(inner.text or "")
        elif inner is not element:
            words += [" " if _tag(inner) in _BLOCKS else "", inner.tail or ""]
    return " ".join(_ASIAN_BREAK.sub("", "".join(words)).split())


def _tag(element: _Element | None) -> str:
    return element.tag.rpartition("}")[2].lower() if element is not None and isinstance(element.tag, str) else ""


def _main(root: _Element) -> _Element:
    """The element that holds the main text, with the navigation below it marked to be left out."""
    body = next(root.iter("body"), root)
    whole = _length(body)
    named = [
        element
        for element in body.iter("main", "article", "div", "section")
        if _tag(element) in ("main", "article") or element.get("role") in ("main", "article")
    ]
    found = max(named, key=_length, default=body)
    main = found if _length(found) >= MAIN_SHARE * whole else body
    left_out = list(_navigation(main))
    if whole and _length(main) - sum(map(_length, left_out)) >= REST_SHARE * _length(main):
        for element in left_out:
            element.set("data-crosscite-left-out", "1")
    return main


def _navigation(main: _Element) -> Iterator[_Element]:
    """The outermost elements below the main one that are navigation, or not to be seen."""
    from lxml import etree

    walk = etree.iterwalk(main, events=("start",))
    for _, element in walk:
        if element is not main and _is_navigation(element):
            yield element
            walk.skip_subtree()
        elif _tag(element) in _HIDDEN:
            walk.skip_subtree()


def _is_navigation(element: _Element) -> bool:
    tag = _tag(element)
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    if _INVISIBLE_STYLE.search(element.get("style") or ""):
        return True
    if tag not in ("div", "ul", "ol", "table", "aside", "footer", "header", "section", "p", "dl", "span", "a"):
        return False
    if element.get("role") in _NAVIGATION_ROLES or (tag == "footer" and not _is_inside_text(element)):
        return True
    if tag in ("span", "a"):
        return "headerlink" in (element.get("class") or "") or "mw-editsection" in (element.get("class") or "")
    if _NAVIGATION_NAME.search(f"{element.get('class') or ''} {element.get('id') or ''}"):
        return tag != "section" or _is_linked(element)
    return tag in ("ul", "ol", "aside", "header", "table", "p") and _is_linked(element)


def _is_inside_text(element: _Element) -> bool:
    return any(_tag(parent) in ("article", "blockquote", "main") for parent in element.iterancestors())


def _is_linked(element: _Element) -> bool:
    """Whether a block is hardly anything but links."""
    links = [_length(link) for link in element.iter("a") if link.get("href")]
    return len(links) >= MIN_LINKS and sum(links) >= LINKED_SHARE * _length(element)


def _length(element: _Element) -> int:
    return sum(len(text.strip()) for text in element.itertext() if isinstance(text, str))


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


def _date(root: _Element) -> str | None:
    for name in _DATE_NAMES:
        if found := iso_date(_meta(root, (name,))):
            return found
    for script in root.iter("script"):
        if script.get("type") == "application/ld+json" and (found := iso_date(_published(script.text or ""))):
            return found
    times = (time.get("datetime") or "".join(time.itertext()) for time in root.iter("time"))
    return next((found for time in times if (found := iso_date(time))), None)


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
