"""Undo fixed-width line breaks: text out of a PDF or a mail becomes one line a paragraph.

Whether a text is hard-wrapped is told by statistics over its lines, never by its name: a line is *full* when the first
word of the next line would not have fitted any more, and in hard-wrapped text nearly every line inside a paragraph is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, pairwise

from rag.writing import CJK, CLOSERS, UNSPACED, ends_sentence, width

#: Fixed-width text is set at most this wide; longer lines are paragraphs of their own.
MAX_COLUMNS = 160
#: Below this, verse and lists of words can't be told from wrapped text.
MIN_COLUMNS = 40
#: A line is full when the next word would take it past this share of the column: proportional fonts set unequal lines.
FULL = 0.78
#: Lines below this share of the column (addresses, signatures) say nothing about how the text was broken.
LONG = 0.5
#: Share of full lines, among long lines followed by another one, that makes a text hard-wrapped.
WRAPPED_SHARE = 0.8
#: Share of them that stop in the middle of a sentence.
OPEN_SHARE = 0.5
#: Share of their followers that begin in lower case: less is verse or a list of titles. German prose has over half.
LOWER_SHARE = 0.25
#: Share of them that may begin with a figure: more of them are a chronicle, a price list or a log.
COUNTED_SHARE = 0.5
#: With fewer inner lines than this there is too little to count.
MIN_INNER_LINES = 3
#: Mail programs break lines between these columns: of a line so wide that stops in a sentence no statistics is needed.
FEW_COLUMNS = range(60, 81)
#: A wrapped headline has at most this many lines.
MAX_HEADLINE_LINES = 3
#: A headline is set at least this wide, compared with the column of the text.
HEADLINE_SHARE = 0.35

_PAGE_LABEL = r"(?:page|seite|página|pagina|strona|стр\.|trang|p\.|s\.)"
_PAGE_TOTAL = r"(?:\s*(?:/|of|von|de|di|van|z|из)\s*\d{1,4})"
_PAGE_NUMBER = re.compile(
    rf"[-–—\[(|\s]*(?:{_PAGE_LABEL}\s*\d{{1,4}}{_PAGE_TOTAL}?|"
    rf"\d{{1,3}}{_PAGE_TOTAL}?|"
    r"第?\s?\d{1,4}\s?(?:页|頁|ページ))[-–—\])|\s]*",
    re.IGNORECASE,
)
_STRAY = re.compile(rf"<?(?:https?://|www\.)\S+>?|\f|{_PAGE_NUMBER.pattern}", re.IGNORECASE)
BULLET = re.compile(r"\s*(?:[-*+•‣◦▪●○■□・·–—]\s+|\(?\d{1,3}[.)]\s|\(?[a-zA-Z][.)]\s)")
_NO_SPACE = re.compile(f"[{CJK}{UNSPACED}]")
#: Words that hardly end a line on their own: "of", "die", "на".
_SHORT_WORD = re.compile(r"(?:^|\s)[^\W\d_]{1,3}$")
#: Cells of a table.
_CELLS = re.compile(r"\S(?:\s{2,}|\t|\s\|\s)\S")
_HYPHENATED = re.compile(r"\w[-\u2010]$")
#: "ein- oder zweijährig": a hyphen before these words stands for what the next word ends with.
_CONJUNCTIONS = frozenset((
    "und", "oder", "bzw", "sowie", "als", "bis", "and", "or", "to", "nor", "et", "ou", "y", "e", "o", "u", "ed", "od",
    "en", "of", "i", "oraz", "lub", "a", "и", "или", "och", "eller", "og", "hoặc", "và",
))  # fmt: skip


@dataclass(frozen=True)
class _Column:
    """The width that the lines of a text were broken at, in columns."""

    columns: int

    def is_full(self, line: str, following: str) -> bool:
        """Whether the first word of the following line would not have fitted behind this line."""
        return width(line) + _first_width(following) > FULL * self.columns


def unwrap(text: str) -> str:
    r"""Join the lines of hard-wrapped text to paragraphs and leave any other text as it is.

    Paragraphs that a page break, a page number or a stray address cuts in the middle of a sentence become one again;
    what stood between follows behind, so that nothing is lost. Form feeds stay where they were in the sentence.

    >>> unwrap("Two lines are\ntoo few to tell")
    'Two lines are\ntoo few to tell'
    """
    column = find_column(text)
    if column is None:
        return _mend_pages(_join_few(text))
    known = frozenset(re.findall(r"\w+(?:-\w+)*", text.casefold()))
    blocks = [_join_block(block, column, known) for block in _blocks(text)]
    return "\n\n".join("\n".join(lines) for lines in _mend(blocks, column, known))


def is_page_number(line: str) -> bool:
    """Whether a line is nothing but the number of a page: ``12``, ``- 12 -``, ``Page 3 of 10``, ``第3页``."""
    return bool(_PAGE_NUMBER.fullmatch(line.strip()))


def find_column(text: str) -> _Column | None:
    """The column that a text is wrapped at, or None when it isn't hard-wrapped."""
    lines = [line.strip() for line in text.replace("\f", "\n").split("\n")]
    pairs = [pair for pair in pairwise(lines) if all(pair) and not any(map(_STRAY.fullmatch, pair))]
    if not pairs:
        return None
    # The widest line but for a few outliers (addresses, table rows), so that one long line doesn't hide the column.
    widths = sorted(width(line) for line, _ in pairs)
    column = _Column(widths[int(0.95 * (len(widths) - 1))])
    if not MIN_COLUMNS <= column.columns <= MAX_COLUMNS or widths[-1] > 2 * column.columns:
        return None
    inner = [pair for pair in pairs if width(pair[0]) >= LONG * column.columns and not BULLET.match(pair[1])]
    return column if len(inner) >= MIN_INNER_LINES and _is_wrapped(inner, column) else None


def _is_wrapped(pairs: list[tuple[str, str]], column: _Column) -> bool:
    full = sum(column.is_full(line, following) for line, following in pairs)
    still_open = sum(not ends_sentence(line) for line, _ in pairs)
    lower = sum(_starts_lower(following) for _, following in pairs)
    upper = sum(following[0].isupper() for _, following in pairs)
    counted = sum(following[0].isdecimal() for _, following in pairs)
    return (
        counted <= COUNTED_SHARE * len(pairs)
        and full >= WRAPPED_SHARE * len(pairs)
        and still_open >= OPEN_SHARE * len(pairs)
        and lower >= LOWER_SHARE * (lower + upper)
    )


def _join_few(text: str) -> str:
    """Join the lines that surely go on in a text with too few wide lines to count."""
    lines = text.split("\n")
    wide = (line for line, following in pairwise(lines) if following.strip() and width(line) in FEW_COLUMNS)
    if not 0 < len(list(islice(wide, MIN_INNER_LINES))) < MIN_INNER_LINES:
        return text
    return "\n\n".join("\n".join(_join_block_of_few(block.split("\n"))) for block in text.split("\n\n"))


def _join_block_of_few(lines: list[str]) -> list[str]:
    """The lines of a block; without a capital at the beginning of each further one it is neither verse nor a list."""
    is_prose = ends_sentence(lines[-1]) and (len(lines) == 2 or any(map(_starts_lower, lines[1:])))
    # A list of words without capitals and points.
    if len(lines) > 2 and all(map(_starts_lower, lines)) and not any(map(ends_sentence, lines)):
        return lines
    joined = lines[:1]
    for line, following in pairwise(lines):
        if _is_broken(line.rstrip(), following) and (
            _starts_lower(following) or (is_prose and _wants_more(line.rstrip(), following))
        ):
            joined[-1] = join(joined[-1].rstrip(), following)
        else:
            joined.append(following)
    return joined


def _is_broken(line: str, following: str) -> bool:
    """Whether a line of a mail's width stops in the middle of a sentence, and no item, table or program follows."""
    if width(line) not in FEW_COLUMNS or ends_sentence(line) or line.endswith((":", ";", "：", "；")):
        return False
    beside = (line, following)
    return not (
        BULLET.match(following)
        or any(each[:1].isspace() or not each.strip() or _CELLS.search(each) for each in beside)
        or any(map(_STRAY.fullmatch, beside))
    )


def _wants_more(line: str, following: str) -> bool:
    return bool(_SHORT_WORD.search(line) or (_NO_SPACE.match(line[-1]) and _NO_SPACE.match(following[0])))


def join(first: str, second: str, known: frozenset[str] = frozenset()) -> str:
    """Put two lines of one sentence together, with or without a space or hyphen between them.

    ``known`` are the lower-case words of the whole text: "well-" and "known" keep their hyphen where the text writes
    "well-known" elsewhere.

    >>> join("der Tech-", "Wettlauf"), join("die Inno-", "vation"), join("ein-", "oder zweimal")
    ('der Tech-Wettlauf', 'die Innovation', 'ein- oder zweimal')
    """
    bare = second.lstrip("\f")
    if not first or not bare:
        return first + second
    if _HYPHENATED.search(first):
        return _join_hyphen(first, second, known)
    tight = first[-1] == "—" or _NO_SPACE.match(first[-1]) or _NO_SPACE.match(bare[0])
    return first + ("" if tight else " ") + second


def _join_hyphen(first: str, second: str, known: frozenset[str]) -> str:
    word = re.match(r"\f*([\w]+)", second)
    if not word:
        return first + second
    if word.group(1).casefold() in _CONJUNCTIONS:
        return f"{first} {second}"
    head = re.search(r"[\w\-\u2010]*$", first)
    stem = head.group().casefold() if head else ""
    hyphenated, joined = stem + word.group(1).casefold(), stem[:-1] + word.group(1).casefold()
    if not word.group(1)[0].islower() or (hyphenated in known and joined not in known):
        return first + second
    return first[:-1] + second


def _first_width(line: str) -> int:
    """Columns that the first unbreakable piece of a line takes, with the space before it."""
    piece = line.split(maxsplit=1)[0] if line.split() else ""
    if piece and _NO_SPACE.match(piece[0]):
        return width(piece[0])
    return width(piece) + 1


def _blocks(text: str) -> list[list[str]]:
    """Lines between blank lines; a form feed moves to the head of the line after it, a stray line is its own block."""
    blocks: list[list[str]] = [[]]
    feeds = ""
    for raw in re.sub(r"\f", "\n\f", text).split("\n"):
        feeds += "\f" * raw.count("\f")
        line = raw.replace("\f", "").strip()
        if not line:
            blocks.append([])
        elif _STRAY.fullmatch(line):
            blocks.extend([[feeds + line], []])
            feeds = ""
        else:
            blocks[-1].append(feeds + line)
            feeds = ""
    if feeds:
        blocks.append([feeds])
    return [block for block in blocks if block]


def _join_block(lines: list[str], column: _Column, known: frozenset[str]) -> list[str]:
    """The paragraphs of one block: a line that isn't full, though more follows, ends its paragraph."""
    if _is_headline(lines, column):
        return [_join_all(lines, known)]
    paragraphs = [lines[0]]
    for line, following in pairwise(lines):
        if _continues(line, following, column):
            paragraphs[-1] = join(paragraphs[-1], following, known)
        else:
            paragraphs.append(following)
    return paragraphs


def _continues(line: str, following: str, column: _Column) -> bool:
    if BULLET.match(following) and (ends_sentence(line) or not column.is_full(line, following)):
        return False
    return column.is_full(line, following) or (not ends_sentence(line) and _starts_lower(following))


def _is_headline(lines: list[str], column: _Column) -> bool:
    """Two or three lines in a larger font: no sentence ends in them, and no line has room for the next one's word."""
    if not 2 <= len(lines) <= MAX_HEADLINE_LINES or any(ends_sentence(line) for line in lines[:-1]):
        return False
    own = max(width(line) for line in lines)
    if own < HEADLINE_SHARE * column.columns or any(BULLET.match(line) for line in lines):
        return False
    return all(width(line) + _first_width(following) > own for line, following in pairwise(lines))


def _join_all(lines: list[str], known: frozenset[str]) -> str:
    whole = lines[0]
    for line in lines[1:]:
        whole = join(whole, line, known)
    return whole


def _mend(blocks: list[list[str]], column: _Column, known: frozenset[str]) -> list[list[str]]:
    """Join paragraphs that were cut in the middle of a sentence; stray lines between them move behind."""
    mended: list[list[str]] = []
    strays: list[list[str]] = []
    for block in blocks:
        if _STRAY.fullmatch(block[0].strip()):
            strays.append(block)
        elif mended and _is_cut(mended[-1][-1], block[0], column):
            mended[-1] = [*mended[-1][:-1], join(mended[-1][-1], block[0], known), *block[1:]]
        else:
            mended.extend(strays)
            strays = []
            mended.append(block)
    return mended + strays


def _is_cut(paragraph: str, following: str, column: _Column) -> bool:
    if ends_sentence(paragraph) or paragraph.rstrip().endswith(":") or not _goes_on(paragraph, following):
        return False
    # A short line alone is a heading, whatever case the next paragraph starts in.
    return width(paragraph) + _first_width(following.lstrip("\f")) > FULL * column.columns


def _goes_on(first: str, second: str) -> bool:
    """Whether the second paragraph reads as the middle of a sentence: lower case, or CJK text left without an end."""
    return _starts_lower(second) or bool(_NO_SPACE.match(first[-1]) and _NO_SPACE.match(second.lstrip("\f")[0]))


def _starts_lower(line: str) -> bool:
    bare = line.lstrip("\f \t" + CLOSERS.replace("\\", "") + "„([“«‚")
    return bare[:1].islower()


def _mend_pages(text: str) -> str:
    """In text that keeps its lines, join only what a form feed cuts in the middle of a sentence."""
    pages = text.split("\f")
    whole = pages[0]
    for page in pages[1:]:
        before, after = whole.rstrip(), page.lstrip()
        last = before.rpartition("\n")[2]
        if last and not _STRAY.fullmatch(last) and not ends_sentence(last) and _starts_lower(after):
            whole = join(before, "\f" + after)
        else:
            whole = f"{whole}\n\f{page}" if not whole.endswith("\n") else f"{whole}\f{page}"
    return whole
