"""Find the lines that belong to the web page or the print layout around a text, not to the text.

Precision goes before recall: what is marked here is never found or cited. So a rule looks at a whole line, and a line
that reads as a sentence (`is_prose`) is never taken by a list of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise, takewhile

from rag.language import NAMES
from rag.readers import words
from rag.readers.dates import parse_date
from rag.readers.layout import is_page_number
from rag.types import Span
from rag.writing import CJK, CREDIT, PICTURE, count_cjk, count_words, ends_sentence, is_caption, is_prose

#: Lines from the top (blank ones not counted) among which dates, section labels, bylines and the title are looked for.
TOP_LINES = 12
#: A language bar names at least this many languages in their own words ...
MIN_LANGUAGES = 4
#: ... which make up this share of its letters: such bars also hold a few names no list knows.
LANGUAGE_SHARE = 0.75
#: A title is at most this long, in characters of an alphabet; a Chinese or Japanese character counts for two.
MAX_TITLE = 160
#: No furniture is longer than this; the longest are the language bars of encyclopaedias.
MAX_LINE = 1000
#: A section label ("News", "KI", "科技") is at most this long, counted in the same way.
MAX_LABEL = 16


@dataclass(frozen=True)
class Line:
    """One line of a canonical text, without its line end: ``text`` is exactly ``whole[start:end]``."""

    start: int
    end: int
    text: str


def lines_of(text: str) -> Iterator[Line]:
    """The lines of a text that aren't blank, with their offsets."""
    start = 0
    for line in text.split("\n"):
        if line.strip():
            yield Line(start, start + len(line), line)
        start += len(line) + 1


def find_furniture(text: str, *, marked_headings: bool = False, numbered_pages: bool = True) -> tuple[Span, ...]:
    """The spans of a canonical text that are furniture, a line each, in order.

    Where the format marks its headings, a short line above a longer one is no section label. Without numbered pages a
    line that is nothing but a number is what the text says there.
    """
    lines = list(lines_of(text))
    marked = {line for line in lines if is_furniture(line.text)}
    if numbered_pages:
        marked |= set(_page_numbers(lines))
    rest = [line for line in lines if line not in marked]
    marked |= set(_dates_and_bylines(rest))
    if not marked_headings:
        marked |= set(_section_labels(rest))
    marked |= set(_repeated([line for line in lines if line not in marked]))
    return tuple(Span(line.start, line.end) for line in lines if line in marked)


def is_furniture(line: str) -> bool:
    """Whether a line is furniture wherever it stands, whatever stands around it."""
    bare = line.strip()
    if len(bare) > MAX_LINE:
        return False
    if source_address(bare) or _BARE_ADDRESS.fullmatch(bare):
        return True
    if is_prose(bare):
        return False
    return any(rule(bare) for rule in (_is_notice, _is_credit, _is_share_bar, _is_language_bar, _is_subscription))


def _page_numbers(lines: list[Line]) -> Iterator[Line]:
    """The numbers of pages: with more than digits wherever they stand, else those that count on in equal steps.

    A lone "112" is what the text says.
    """
    numbers = [line for line in lines if is_page_number(line.text)]
    bare = [line for line in numbers if line.text.strip().isdecimal()]
    steps = [int(following.text) - int(line.text) for line, following in pairwise(bare)]
    counting = {
        line
        for position, step in enumerate(steps)
        if step == 1 or (step > 1 and step in (*steps[max(0, position - 1) : position], *steps[position + 1 :][:1]))
        for line in bare[position : position + 2]
    }
    yield from (line for line in numbers if line in counting or not line.text.strip().isdecimal())


def is_title_like(line: str) -> bool:
    """Whether a line can be a title: short, no end of a sentence but a question's, neither caption nor list item."""
    bare = line.strip()
    length = len(bare) + count_cjk(bare)
    if not 2 <= length <= MAX_TITLE or not any(character.isalpha() for character in bare):
        return False
    if bare.endswith((",", ";", ":", "，", "、", "；", "：")):
        return False
    if is_caption(bare) or _LIST_ITEM.match(bare):
        return False
    return not ends_sentence(bare) or (bare.endswith(("?", "？", "!", "！")) and not re.search(r"[.。]\s", bare))


def title_line(text: str, furniture: Iterable[Span]) -> Line | None:
    """The first line among the first few that looks like a title and has text after it, furniture aside."""
    hidden = {span.start for span in furniture}
    content = [line for line in lines_of(text) if line.start not in hidden]
    for line, _ in zip(content[:-1], range(_TITLE_LINES), strict=False):
        if is_title_like(line.text):
            return line
    return None


def source_address(line: str) -> str | None:
    """The web address of a line that is nothing but a label for a source and an address, or None."""
    match = _SOURCE.fullmatch(line.strip())
    return match["url"].rstrip(".,;)") if match else None


#: A title further down than this is a heading of a section.
_TITLE_LINES = 5


#: A letter of an alphabet: words run into Chinese or Japanese characters without a space.
_LETTER = rf"[^\W\d_{CJK}]"
_ADDRESS = r"(?:https?://|www\.)[^\s<>]+"
_BARE_ADDRESS = re.compile(rf"[<(\[]?{_ADDRESS}[>)\]]?(?:[\s,;|]+[<(\[]?{_ADDRESS}[>)\]]?)*", re.IGNORECASE)
_SOURCE = re.compile(rf"{words.any_of(words.SOURCE)}\s*[:：|]\s*<?(?P<url>{_ADDRESS})>?", re.IGNORECASE)
_ADVERTISEMENT = re.compile(
    rf"[\[(【<＜]\s*{words.any_of(words.ADVERTISEMENT)}[\s_\-–#:.]*\d*\s*[\])】>＞]|"
    rf"[-–—*\s]*{words.any_of(words.ADVERTISEMENT_ALONE)}[-–—*:\s]*",
    re.IGNORECASE,
)
_COUNTER = re.compile(
    rf"{words.any_of(words.COMMENT)}\s*[:：]?\s*[(（\[]?\s*\d+\s*[件条]?[)）\]]?|\d+\s*[件条]?の?\s*{words.any_of(words.COMMENT)}",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    rf"{words.any_of(words.PHRASE)}\s*(?:\.{{1,3}}|…|»|>+|→|。)?|(?:©|\(c\)|copyright)\s.{{0,80}}", re.IGNORECASE
)
_PICTURE_CREDIT = re.compile(
    rf"[\[(（]?(?:{PICTURE}){CREDIT}\s*(?:[:：/|©=-]|\|\.)\s*(?P<name>\S.{{0,60}}?)[\])）]?", re.IGNORECASE
)
_BYLINE = re.compile(
    rf"(?:[^\W\d_]+ ){{0,2}}{words.any_of(words.AUTHOR)}\s*(?:\|\.?|[:：/丨])\s*(?P<name>\S.{{0,50}})|"
    rf"(?P<plain>{words.any_of(words.BY)})\s+(?P<names>\S.{{0,50}})",
    re.IGNORECASE,
)
_NAME_PART = r"[^\W\d_a-z][\w.'’\-]*"
_NAME = re.compile(
    rf"{_NAME_PART}(?:(?:,? (?:and|und|et|y|e|en|i|&) |,? )"
    rf"(?:(?:van|von|de|der|den|la|le|da|dos|di|bin|al) )*{_NAME_PART}){{0,5}}"
)
_SUBSCRIPTION = re.compile(words.any_of(words.SUBSCRIPTION))
_SUBSCRIBE = re.compile(rf"(?<!{_LETTER}){words.any_of(words.SUBSCRIBE)}")
_LIST_ITEM = re.compile(r"(?:[-*+•‣◦▪●○■□・·]\s|\(?\d{1,3}[.)]\s)")


def _is_notice(line: str) -> bool:
    return any(pattern.fullmatch(line) for pattern in (_ADVERTISEMENT, _COUNTER, _PHRASE))


def _is_credit(line: str) -> bool:
    match = _PICTURE_CREDIT.fullmatch(line)
    if not match or ends_sentence(line):
        return False
    return count_words(match["name"]) <= 5 and count_cjk(match["name"]) <= 12


def _is_subscription(line: str) -> bool:
    folded = line.casefold()
    if len(folded) > 80 or count_words(folded) > 9:
        return False
    return bool(_SUBSCRIPTION.search(folded) and _SUBSCRIBE.search(folded))


def _is_share_bar(line: str) -> bool:
    """Nothing but words of sharing and at least one that asks for it, or two networks."""
    if len(line) > 200:
        return False
    rest, shares = _strike(line.casefold(), words.SHARE)
    rest, networks = _strike(rest, words.NETWORK)
    rest, _ = _strike(rest, words.SHARE_FILLER)
    return not any(character.isalpha() for character in rest) and (shares > 0 or networks > 1)


def _strike(text: str, listed: tuple[str, ...]) -> tuple[str, int]:
    """Strike words out of a text and count them."""
    return _words_apart(listed).subn(" ", text)


@cache
def _words_apart(listed: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern for any of some words, those of an alphabet only where they stand apart."""

    def apart(word: str) -> str:
        exact = re.escape(word)
        joined = count_cjk(word) or not word[0].isalpha()
        return exact if joined else rf"(?<!{_LETTER}){exact}(?!{_LETTER})"

    return re.compile("|".join(map(apart, sorted(listed, key=len, reverse=True))))


def _is_language_bar(line: str) -> bool:
    """A row of languages, each in its own words, run together or apart."""
    letters = sum(character.isalpha() for character in line)
    if not letters:
        return False
    names = _language_names().findall(line.casefold())
    covered = sum(character.isalpha() for name in names for character in name)
    return len(set(names)) >= MIN_LANGUAGES and covered >= LANGUAGE_SHARE * letters


@lru_cache(maxsize=1)
def _language_names() -> re.Pattern[str]:
    """Languages named in their own words and in English, by Unicode's CLDR."""
    from babel import Locale

    names = set(words.LANGUAGE_NAME)
    for code in (*NAMES, *_MORE_LANGUAGES):
        own = Locale.parse("nb" if code == "no" else code)
        names |= {str(name).casefold() for name in (own.get_language_name(), own.get_language_name("en")) if name}
    return re.compile(words.any_of(name for name in names if len(name) > 1))


#: Languages of web pages beyond those that `rag.language` tells apart.
_MORE_LANGUAGES = (
    "af", "az", "be", "bs", "cy", "eu", "fil", "ga", "gl", "gu", "hy", "is", "ka", "kk", "km", "kn", "lo", "mk", "ml",
    "mn", "mr", "ms", "my", "ne", "pa", "si", "sq", "uz",
)  # fmt: skip


def _dates_and_bylines(lines: list[Line]) -> Iterator[Line]:
    """Dates and bylines among the first lines of a text; the first one is no byline."""
    for line in lines[:TOP_LINES]:
        if parse_date(line.text) or (line is not lines[0] and _is_byline(line.text)):
            yield line


def _section_labels(lines: list[Line]) -> Iterator[Line]:
    """Section labels above the title of an article, which a date or a byline near the top tells to be one.

    Without these the short line may be the title itself, or whom a curriculum vitae is about.
    """
    top = lines[:TOP_LINES]
    bare = [line for line in top if not parse_date(line.text) and not _is_byline(line.text)]
    if len(bare) == len(top):
        return
    run = list(takewhile(lambda line: is_title_like(line.text), bare))
    for position, line in enumerate(run):
        # A label stands above a title, and the title is clearly the longer one.
        if not (_is_label(line.text) and any(len(title.text) > 2 * len(line.text) for title in run[position + 1 :])):
            break
        yield line


def _is_label(line: str) -> bool:
    bare = line.strip()
    return len(bare) + count_cjk(bare) <= MAX_LABEL and count_words(bare) <= 2 and is_title_like(bare)


def _is_byline(line: str) -> bool:
    match = _BYLINE.fullmatch(line.strip())
    if not match or ends_sentence(line):
        return False
    name = (match["name"] or match["names"]).strip()
    return bool(_NAME.fullmatch(name)) or (match["plain"] is None and 2 <= count_cjk(name) <= 12)


def _repeated(lines: list[Line]) -> Iterator[Line]:
    """A heading that stands twice in a row: the second of them."""
    for line, following in pairwise(lines):
        same = line.text.strip().casefold() == following.text.strip().casefold()
        if same and is_title_like(line.text) and len(line.text.strip()) >= 8:
            yield following
