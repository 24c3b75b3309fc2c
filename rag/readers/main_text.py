"""The main text of a web page: which element holds it, and what below that is navigation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, cast

from rag.readers.elements import HEADINGS, MAX_CELL, flat, is_block, is_hidden, tag_of
from rag.readers.formulas import is_shown_as_a_picture
from rag.readers.unseen import is_unseen
from rag.writing import width

if TYPE_CHECKING:
    from lxml.etree import _Element

#: A block that fills more columns than this is prose, if half of it is in no link: a teaser or caption is shorter.
MIN_PROSE = 80
#: The main text is the innermost element with this share of the page's prose.
PROSE_OF_MAIN = 0.65
#: What is named as navigation is none with more than this share of the prose: "advert-content" around an article.
PROSE_OF_NAVIGATION = 0.2
#: The main text also holds this share of the text outside of links (a page's only prose may be its legal notice); where
#: there is no prose, an element named as the main text is taken for it if it holds this share of all text.
MAIN_SHARE = 0.4
#: What is taken for navigation is left out only while this share of the text remains: else the page is an index.
REST_SHARE = 0.3
#: Share of a block's text in links from which it is navigation, if it has so many links and no sentences.
LINKED_SHARE = 0.75
MIN_LINKS = 3

_PARTS = frozenset(
    ("p", "pre", "ul", "ol", "li", "dl", "dd", "dt", "blockquote", "table", "tbody", "tr", "figure", "a")
)
_NAVIGATION_ROLES = frozenset(("navigation", "banner", "contentinfo", "search", "menu", "menubar", "toolbar", "dialog"))


def _any_of(names: str) -> re.Pattern[str]:
    """A pattern for a class or id that is one of these names, or made of one and others."""
    return re.compile(rf"(?:^|[\s_-])(?:{names})(?:$|[\s_-])", re.IGNORECASE)


_NAVIGATION_NAME = _any_of(
    "nav|navbar|navigation|docnav|navheader|navfooter|breadcrumbs?|footer|skip-link|toolbar|sphinxsidebar|headerlink|"
    "mw-editsection|noprint|toc"
)
#: So a text may name its sections too: "related-work", "social-structure", the menu of an inn.
_DOUBTFUL_NAME = _any_of(
    "menu|sidebar|cookies?|consent|share|sharing|social|related|recommended|newsletter|advert(?:isement)?|ads?|banner|"
    "comments?|modal"
)
#: What one presses or fills in.
_CONTROLS = ("button", "form", "input", "select", "textarea", "iframe", "ins")
_CONTROL_NAME = _any_of("btn|button")
_WORD = re.compile(r"[^\W_]+")


def main_text(root: _Element) -> tuple[_Element, set[_Element]]:
    """The innermost element that holds most of a page's prose, and what of it is navigation.

    Returns:
        The element; and the outermost elements to leave out: navigation, and what is not to be seen.
    """
    body = next(root.iter("body"), root)
    panels = frozenset(_panels(body))
    blocks = _prose(body, panels)
    prose = _summed(blocks, body)
    navigation = set(_navigation(body, prose, PROSE_OF_NAVIGATION * prose[body], panels))
    outside = set(_outside(body, navigation))
    blocks = Counter({block: columns for block, columns in blocks.items() if block in outside})
    prose = _summed(blocks, body)
    main = _narrowed(body, blocks, prose, outside, _unlinked(body, navigation)) if prose[body] else _named(body)
    left_out = navigation.intersection(main.iter())
    rest = _length(main) - sum(map(_length, left_out))
    return main, left_out if rest >= REST_SHARE * _length(main) else set()


def _outside(body: _Element, navigation: Collection[_Element]) -> Iterator[_Element]:
    """The elements that are neither navigation nor below it."""
    from lxml import etree

    walk = etree.iterwalk(body, events=("start",))
    for _, element in walk:
        if element in navigation:
            walk.skip_subtree()
        else:
            yield element


def _panels(body: _Element) -> Iterator[_Element]:
    """The elements that a click shows: panels of accordions and tabs, and the rest of a text."""
    named = {name for opener in body.iter("*") for name in _opened(opener) if name}
    for element in body.iter("div", "section", "article", "p", "span", "dd", "ul", "ol", "table"):
        if element.get("role") == "tabpanel" or element.get("id") in named:
            yield element


def _opened(opener: _Element) -> list[str]:
    """The ids of what an element shows: as WAI-ARIA states it, or Bootstrap."""
    toggled = opener.get("data-bs-toggle") or opener.get("data-toggle")
    target = (opener.get("data-bs-target") or opener.get("data-target") or opener.get("href") or "") if toggled else ""
    return [*(opener.get("aria-controls") or "").split(), target.removeprefix("#")]


def _prose(body: _Element, panels: Collection[_Element]) -> Counter[_Element]:
    """The columns that each block of prose would fill: each that is more than a line and not mostly links."""
    from lxml import etree

    columns: Counter[_Element] = Counter()
    within: list[_Element] = []
    holders: set[_Element] = set()
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        if event == "start":
            if is_hidden(element) or (element is not body and _is_invisible(element, panels)):
                walk.skip_subtree()
            elif is_block(element):
                holders.update(within[-1:])
                within.append(element)
        elif within and within[-1] is element:
            within.pop()
            if found := _columns(element, element in holders):
                columns[element] = found
    return columns


def _columns(block: _Element, holds_blocks: bool) -> int:
    if holds_blocks:
        text, linked = " ".join([block.text or "", *(inner.tail or "" for inner in block)]), 0
    else:
        text, linked = flat(block), sum(len(flat(link)) for link in block.iter("a"))
    columns = width(" ".join(text.split()))
    return columns if columns >= MIN_PROSE and linked <= len(text) / 2 else 0


def _unlinked(body: _Element, left_out: Collection[_Element]) -> Counter[_Element]:
    """The characters that stand in each element itself, outside of links and of what is left out."""
    from lxml import etree

    characters: Counter[_Element] = Counter()
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        if event == "start":
            if is_hidden(element) or tag_of(element) == "a" or element in left_out:
                walk.skip_subtree()
            else:
                characters[element] += len((element.text or "").strip())
        elif element is not body:
            characters[cast("_Element", element.getparent())] += len((element.tail or "").strip())
    return characters


def _summed(counts: Counter[_Element], body: _Element) -> Counter[_Element]:
    """What was counted in each element and in all below it."""
    from lxml import etree

    sums = Counter(counts)
    for _, element in etree.iterwalk(body, events=("end",)):
        if element is not body and sums[element]:
            sums[cast("_Element", element.getparent())] += sums[element]
    return sums


def _narrowed(
    body: _Element,
    blocks: Counter[_Element],
    prose: Counter[_Element],
    outside: Collection[_Element],
    unlinked: Counter[_Element],
) -> _Element:
    """The innermost element with most of the prose; a text that goes on beside an element is not all in it."""
    characters = _summed(unlinked, body)
    main = inner = body
    while True:
        largest = max(inner, key=lambda part: prose[part], default=inner)
        if largest in blocks or prose[largest] < PROSE_OF_MAIN * prose[body]:
            return main
        if characters[largest] < MAIN_SHARE * characters[body] or "article" in (tag_of(inner), inner.get("role")):
            return main
        if any(_goes_on(part, largest, blocks, prose) for part in inner if part is not largest and part in outside):
            return main
        inner = largest
        # A part of a text is not the whole of it, nor is a cell that a table of data could have.
        if tag_of(inner) not in _PARTS and (tag_of(inner) != "td" or prose[inner] > MAX_CELL):
            main = inner


def _goes_on(part: _Element, largest: _Element, blocks: Counter[_Element], prose: Counter[_Element]) -> bool:
    """Whether a text goes on in an element beside it: in a title, prose of its own, or a part of the same kind."""
    return part in blocks or tag_of(part) == "h1" or (bool(prose[part]) and _is_alike(part, largest))


def _is_alike(first: _Element, second: _Element) -> bool:
    """Whether two elements are parts of the same kind, as the sections of a chapter are."""
    if tag_of(first) != tag_of(second):
        return False
    one, other = (set((element.get("class") or "").split()) for element in (first, second))
    return tag_of(first) == "section" or one == other or not one.isdisjoint(other)


def _named(body: _Element) -> _Element:
    """The element that is called the main text, if much of the text is there."""
    named = [element for element in body.iter("main", "article", "div", "section") if _is_named(element)]
    found = max(named, key=_length, default=body)
    return found if _length(found) >= MAIN_SHARE * _length(body) else body


def _is_named(element: _Element) -> bool:
    return tag_of(element) in ("main", "article") or element.get("role") in ("main", "article")


def _navigation(
    body: _Element, prose: Counter[_Element], most: float, panels: Collection[_Element]
) -> Iterator[_Element]:
    """The outermost elements that are not to be seen, or are navigation and hold no more prose than this."""
    from lxml import etree

    walk = etree.iterwalk(body, events=("start",))
    for _, element in walk:
        if element is not body and (
            _is_invisible(element, panels) or (prose[element] <= most and _is_navigation(element, bool(prose[element])))
        ):
            yield element
            walk.skip_subtree()
        elif is_hidden(element):
            walk.skip_subtree()


def _is_invisible(element: _Element, panels: Collection[_Element]) -> bool:
    """Whether an element is never to be seen; a formula is, beside it, in a picture."""
    hidden = is_unseen(element) or element.get("aria-hidden") == "true"
    return hidden and element not in panels and not is_shown_as_a_picture(element)


def _is_navigation(element: _Element, has_prose: bool) -> bool:
    tag = tag_of(element)
    if tag not in ("div", "ul", "ol", "table", "aside", "footer", "header", "section", "p", "dl", "span", "a"):
        return False
    if element.get("role") in _NAVIGATION_ROLES or (tag == "footer" and not _is_inside_text(element)):
        return True
    if tag in ("span", "a"):
        return "headerlink" in (element.get("class") or "") or "mw-editsection" in (element.get("class") or "")
    name = f"{element.get('class') or ''} {element.get('id') or ''}"
    if _NAVIGATION_NAME.search(name):
        return tag != "section" or _is_linked(element)
    if _DOUBTFUL_NAME.search(name) and (_is_linked(element) if tag == "section" else _is_used(element, has_prose)):
        return True
    return tag in ("ul", "ol", "aside", "header", "table", "p") and _is_linked(element)


def _is_used(element: _Element, has_prose: bool) -> bool:
    """Whether an element is there to be pressed, filled in or followed rather than read, and is no title."""
    if next(element.iter("h1"), None) is not None or _is_named_as_its_heading(element):
        return False
    links = [link for link in element.iter("a") if link.get("href")]
    if next(element.iter(*_CONTROLS), None) is not None or any(map(_is_pressed, links)):
        return True
    return _is_linked(element) or (not has_prose and (bool(links) or next(element.iter(*HEADINGS), None) is None))


def _is_pressed(link: _Element) -> bool:
    return link.get("role") == "button" or bool(_CONTROL_NAME.search(link.get("class") or ""))


def _is_named_as_its_heading(element: _Element) -> bool:
    """Whether the id of an element is made of its first heading, as generators of pages do for a section."""
    heading = next(element.iter(*HEADINGS), None)
    made_of = [] if heading is None else _WORD.findall(flat(heading).casefold())
    return bool(made_of) and _WORD.findall((element.get("id") or "").casefold()) == made_of


def _is_inside_text(element: _Element) -> bool:
    return any(tag_of(parent) in ("article", "blockquote", "main") for parent in element.iterancestors())


def _is_linked(element: _Element) -> bool:
    """Whether a block is hardly anything but links."""
    links = [_length(link) for link in element.iter("a") if link.get("href")]
    return len(links) >= MIN_LINKS and sum(links) >= LINKED_SHARE * _length(element)


def _length(element: _Element) -> int:
    return sum(len(text.strip()) for text in element.itertext() if isinstance(text, str))
