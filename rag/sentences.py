"""Split a document into sentences with exact offsets."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Set

import sentencex

from rag.abbreviations import Rules, rules_of
from rag.types import Document, Sentence, Span
from rag.writing import CJK, CLOSERS, TERMINATORS, count_cjk, ends_sentence, is_caption

#: Evidence must stay bounded: longer "sentences" (tables, lists, text without marks) are cut at clause ends.
MAX_SENTENCE = 600
#: Lines of a program or its output are one sentence up to this length: with 600 a single one filled the evidence.
MAX_BLOCK = 240
#: A heading is at most this long; a Chinese or Japanese character counts for two and a quarter.
MAX_HEADING = 90
MAX_HEADING_CJK = 40
#: So many short open lines in a row are a list, not headings.
LIST_LINES = 3

#: The library's time grows with the square of a line's quotations: 17 s for 128,000 characters, measured.
STRIDE = 10_000

_LETTER = re.compile(r"[^\W\d_]")
_BULLET = re.compile(r"(?:[-*+•‣◦▪●○■□・·–—]\s+)+")
_ITEMISED = re.compile(r"\s*(?:[-*+•‣◦▪●○■□・·]\s|\(?\d{1,3}[.)]\s)")
_ONLY_NUMBER = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3}){0,5}|[a-zA-Z]|[ivxIVX]{1,4})[.)]\s*")
#: "(1) The court ...": in what begins so sentencex finds no end of a sentence, behind "[1]" it does.
_LABEL = re.compile(r"\((?=(?:\d{1,3}|[a-z]{1,4})\)\s)")
#: "2.1.  Requirements", "Appendix A.  Rules", "第2章": what numbers a heading is no number that it states.
_SECTION = re.compile(
    r"(?:[^\W\d_]+\.?\s)?(?:\d{1,3}(?:\.\d{1,3}){0,5}|[A-Z]|[IVXLC]{1,6})[.)]?\s+(?=[^\W\d_])(?![a-zß-ÿа-я])"
)
#: "Chapter 1: The Arrival", "Part II: The Return", "第一章：开始".
_NUMBERED_LABEL = re.compile(r"[^:：]*(?:\d|\b[IVXLC]{1,6}|[一二三四五六七八九十百千零〇]\s?[^\W\d_])\s?(?::\s|：)")
#: Short lines that say something: "A100 | 8 kW" (as the readers write rows), "Deadline: 1 March", "Friday 18:45",
#: "Haemoglobin 13.4 g/dl", "January    1,204    3,310", or a sentence and the beginning of another.
_SAYS = re.compile(
    r"\S \| \S|^[^:：,;]{1,32}(?::\s+|：\s*)\S|"
    r"\S\s[\d.,]*\d\s?(?:[%‰°€$£¥₩]|[a-zµμ][A-Za-z]{0,2}(?:/[A-Za-z]{1,5})?[²³]?|[A-Z]{3}|[MGT](?:B|Wh?))$|"
    r"\d\d:\d\d(?:$|:\d\d|\s?[-–])|\S(?: {2,}|\t)\S|(?:\b[a-zß-ÿа-я]{4,}|\w[a-zß-ÿа-я]{4,}|\d{4})[.!?]\s+\S"
)
#: The line after this one, if there is no blank one between.
_NEXT_LINE = re.compile(r"[ \t]*\n[ \t]*(\S)")
_STATEMENT = re.compile(rf"[.。．｡।۔][{CLOSERS}]*$")
#: After "X. " these begin a sentence; any other capitalised word may be the rest of a name ("J. Rowling").
_STARTER = re.compile(
    r"(?:Er|Sie|Es|Das|Die|Der|Dies\w*|Ein|Eine|Im|In|Am|Wir|Ich|Aber|Doch|Auch|He|She|It|They|We|The|This|That|These|A|An|But|"
    r"And|However|There|Il|Elle|Ils|Elles|Le|La|Les|Un|Une|Cette|Ce|C['’]est|Mais|El|Los|Las|Una|Pero|Este|Esta|Lo|Gli|Questo|"
    r"Questa|Ma|O|Os|As|Ele|Ela|Mas|De|Het|Een|Hij|Zij|Maar|Он|Она|Они|Это|Но|В)\s"
)
#: "01." in 「01.AI」, "Yahoo!" in 「Yahoo!は」: behind an alphabet's letter a mark without a space is hardly an end ...
_TIGHT = re.compile(rf"([^\W_{CJK}]+)\)?[.!?]$")
#: ... but in "zu Ende.Danach", behind a word of so many letters and before a capital, it is.
_TIGHT_LETTERS = 4
_ORDINAL = re.compile(r"(?:^|[\s(„“\"«])\d{1,2}\.\s*$")
#: "folgende Punkte: 1. Der Mieter": what numbers an item is no number that ends a sentence.
_ITEM = re.compile(r"[:;,–—-]\s*\(?\d{1,2}\.\s*$")
#: "Sultan II. Abdülhamid".
_ROMAN = re.compile(r"\s[IVX]{1,5}\.\s*$")
_INITIAL = re.compile(r"(?:^|[\s(„“\"«‚'’.])[^\W\d_]\.\s*$")
#: Of abbreviations of single letters these end no sentence, whatever follows.
_EXAMPLE = re.compile(
    r"(?:^|[\s(„“\"«‚'’])(?:z\.\s?B|d\.\s?h|v\.\s?a|i\.\s?d\.\s?R|e\.\s?g|i\.\s?e|p\.\s?ex|p\.\s?ej|t\.\s?ex|т\.\s?е)\.\s*$"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(„“\"«‚'’])(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Nr|Nos|Fig|vs|cf|ca|bzw|evtl|ggf|inkl|max|min|Abs|Bd|Hrsg|Tel|vgl|Mme|"
    r"Mlle|MM|Ste|Sra|Srta|Dra|Ud|Uds|Sig|Dott|Ing|Gen|Col|Lt|Sgt|Gov|Sen|Rep|Hon|Rev|ул|стр)\.\s*$"
)
#: These may end a sentence ("Foo Inc. He left"), and some are words as well: "No.", "eine neue Art.".
_MAY_END = r"(?:^|(?<=[\s(„“\"«‚'’]))(?:Jr|No|Co|Inc|Ltd|Art|Jh|Jhd|Mio|Mrd|рис|тыс|млн|млрд|гг|им)\.\s"
_ABBREVIATION_AT_END = re.compile(rf"{_MAY_END}*$")
#: "рис. В" is a figure B, and no sentence that begins with "In".
_ONE_LETTER = re.compile(r"[^\W\d_]\s")
#: Languages that write ordinal numbers with a point ("19. November", "2. Liga").
_ORDINAL_LANGUAGES = frozenset((
    "de", "cs", "da", "et", "fi", "hr", "hu", "is", "lv", "nb", "nn", "no", "pl", "sk", "sl", "sr", "tr",
))  # fmt: skip
_CLAUSE = re.compile(r"[;:,|]\s+|[；：，、]|\s+(?=[–—|•])")
#: "im Netzwerk X. Er stellte fest": sentencex takes every single letter for an initial.
_MISSED_INITIAL = re.compile(r"(?<=\s)[^\W\d_]\.\s+(?=[^\W\d_])")
#: Nor does it end a sentence after what may be an ordinal number.
_MISSED_ORDINAL = re.compile(r"(?<=\s)\d{1,2}\.\s+(?=[^\W\d_])")
#: Nor after what is more often an abbreviation.
_MISSED_AT_END = re.compile(rf"{_MAY_END}+(?={_STARTER.pattern})")
#: Nor does "etc.".
_MISSED_ETC = re.compile(rf"(?<![^\W\d_])(?i:etc|usw|usf|osv|itd|itp|atd|apod|enz|ecc|stb)\.\s+(?={_STARTER.pattern})")
#: It also misses ends before a number or an inverted mark; these words are the ones that numbers follow.
_BEFORE_NUMBER = (
    r"nr|no|núm|num|art|abs|kap|cap|ch|fig|abb|tab|bd|vol|pp|pág|pag|ca|approx|circa|jan|feb|mar|apr|jun|jul|aug|sept?|okt|oct|"
    r"nov|de[cz]|sec|eq|tel|str|st|min|max|ziff|rn|vgl|cf|vs|bzw|ab|bis|tj|al|ave|blvd|rd|"
    r"(?-i:[A-ZÄÖÜ])[^\W\d_]+(?:str|pl)|рис|табл|стр|ул|ст|гл|прибл|тел"
)
_COUNTED = re.compile(rf"(?<![^\W\d_])(?:{_BEFORE_NUMBER})\.\s*$", re.IGNORECASE)
_MISSED_NUMBER = re.compile(
    rf"(?<![^\W\d_])(?!(?:{_BEFORE_NUMBER})\.)[^\W\d_]{{2,}}[.!?][{CLOSERS}]*\s+(?=\d)|[.!?][{CLOSERS}]*\s+(?=[¡¿])",
    re.IGNORECASE,
)
#: 「…。」と述べた: a Japanese particle after a quotation or bracket goes on with the sentence around it.
_PARTICLE = re.compile(r"(?:と|って|は|が|を|に|も|の|で|など|だ|や|なん|か)")
#: “…？”她问: so does, in Chinese, whoever speaks, unless the speaker was named before the quotation.
_SPEAKER = re.compile(r"[^。！？，,]{0,12}?(?:说|說|问|問|道|表示|称|稱|答|喊|补充|補充|指出)")
#: "정말요?" 라고: so does what marks a quotation in Korean, although a space may stand before it.
_KOREAN_QUOTED = re.compile(r"(?:이?라[고는며면]|하[고며는]|고|는)(?=\s)")
#: Quotations and brackets, up to the length that a quotation in a text has.
_QUOTATION = re.compile(
    "「[^」]{0,600}」|『[^』]{0,600}』|“[^”]{0,600}”|„[^“]{0,600}“|«[^»]{0,600}»|（[^）]{0,200}）|\\([^)]{0,200}\\)|《[^》]{0,200}》"
)
#: As much of what follows as tells whether a sentence begins there ...
_AHEAD = 80
#: ... and of what stands before: searching a line of a megabyte from every boundary took minutes.
_BACK = 80
_MISSED_CJK = re.compile(rf"[。！？｡]+[{CLOSERS}]*(?=[^\s。！？｡{CLOSERS}])")


def split(document: Document) -> list[Sentence]:
    """The sentences of a document in reading order, without its furniture.

    Every line of the canonical text is a paragraph and is split on its own by sentencex; a few general rules then mend
    what it misses. Lines of a program or its output stay together, as many as fit: alone they say little, and they are
    many. Always ``document.text[s.start:s.end] == s.text``, with no white space at either end.
    """
    verbatim = {span.end for span in document.verbatim}
    lines = list(_content_lines(document.text, document.furniture, verbatim))
    headings = _headings(document, lines)
    sentences: list[Sentence] = []
    for paragraph, line in enumerate(_blocks_joined(document.text, lines, verbatim)):
        whole = line.end in verbatim
        for span in _bounded(document.text, line) if whole else _split_line(document.text, line, document.language):
            sentences.append(
                Sentence(
                    document=document.id,
                    position=len(sentences),
                    start=span.start,
                    end=span.end,
                    text=document.text[span.start : span.end],
                    paragraph=paragraph,
                    heading=line in headings,
                )
            )
    return sentences


def _content_lines(text: str, furniture: Iterable[Span], verbatim: Set[int]) -> Iterator[Span]:
    """The lines that hold a letter or digit, without furniture, white space at their ends, and bullets.

    What looks like a bullet at the beginning of a line that ends at ``verbatim`` is part of a program.
    """
    pieces, position = [], 0
    for span in furniture:
        pieces += [text[position : span.start], "\n" * (span.end - span.start)]
        position = span.end
    start = 0
    for line in "".join([*pieces, text[position:]]).split("\n"):
        bare = line.strip()
        if any(character.isalnum() for character in bare):
            first = start + len(line) - len(line.lstrip())
            end = first + len(bare)
            bullet = None if end in verbatim else _BULLET.match(bare)
            yield Span(first + (bullet.end() if bullet else 0), end)
        start += len(line) + 1


def _blocks_joined(text: str, lines: Iterable[Span], verbatim: Set[int]) -> Iterator[Span]:
    """The lines, those that end at ``verbatim`` and follow one another joined as far as they fit."""
    block: Span | None = None
    for line in lines:
        if block and line.end in verbatim and _follows(text, block, line):
            block = Span(block.start, line.end)
            continue
        if block:
            yield block
        block = line if line.end in verbatim else None
        if block is None:
            yield line
    if block:
        yield block


def _follows(text: str, block: Span, line: Span) -> bool:
    """Whether a line follows a block without a blank one between, and has room in its sentence."""
    between = text[block.end : line.start].split("\n")[1:-1]
    return line.end - block.start <= MAX_BLOCK and all(map(str.strip, between))


def _headings(document: Document, lines: list[Span]) -> frozenset[Span]:
    """The lines the format marks, else short lines without an end of a sentence that text follows.

    A run of three or more such lines is a list.
    """
    if document.headings is not None:
        marked = {span.end for span in document.headings}
        told = frozenset(line for line in lines if line.end in marked)
        return told if len(told) < len(lines) else frozenset()
    found: set[Span] = set()
    run: list[Span] = []
    for line in lines:
        if _is_open_short(document, line):
            run.append(line)
            continue
        # Of a run that begins the document the first line stands for itself: below it a list may begin.
        if len(run) - (run[:1] == lines[:1]) < LIST_LINES:
            found.update(run)
        run = []
    found.update(line for line in lines if _is_title(document, document.text[line.start : line.end]))
    # A text of nothing but headings (a note of one line) says what it says in them.
    return frozenset(found) if len(found) < len(lines) else frozenset()


def _is_title(document: Document, text: str) -> bool:
    """Whether a line is the document's title, and not a statement that was taken for it because it stands first."""
    return text == document.title and not _STATEMENT.search(text)


def _is_open_short(document: Document, line: Span) -> bool:
    text = document.text[line.start : line.end]
    if _is_title(document, text):
        return True
    if len(text) > MAX_HEADING or count_cjk(text) > MAX_HEADING_CJK or not _LETTER.search(text):
        return False
    begins = document.text.rfind("\n", 0, line.start) + 1
    if _ITEMISED.match(document.text, begins):
        return False
    if ends_sentence(text) or is_caption(text) or _states(text):
        return False
    following = _NEXT_LINE.match(document.text, line.end)
    if following and following[1].islower():
        return False
    return not text.endswith((",", ";", "，", "、", "；"))


def _states(text: str) -> bool:
    """Whether a short line says something rather than what the lines below it are about."""
    section = _SECTION.match(text)
    bare = text[section.end() :] if section else text
    return not _NUMBERED_LABEL.match(text) and bool(_SAYS.search(bare))


def _split_line(text: str, line: Span, language: str) -> Iterator[Span]:
    """The sentences of one line: the library's boundaries, mended, trimmed and bounded."""
    boundaries = _library_boundaries(text[line.start : line.end], language)
    edges = [line.start + edge for edge in _mend(text[line.start : line.end], boundaries, language)]
    for start, end in zip([line.start, *edges], [*edges, line.end], strict=True):
        span = _trim(text, start, end)
        if span:
            yield from _bounded(text, span)


def _library_boundaries(line: str, language: str) -> list[int]:
    """Offsets inside the line at which a new sentence begins, as sentencex sees it.

    It returns strings, so each is looked for behind the one before: a segment that a release altered is skipped, and
    its text stays with its neighbour.
    """
    edges, position = [], 0
    for start, end in _strides(line):
        for segment in _segments(line[start:end], language):
            found = line.find(segment, position)
            if found < 0:
                continue
            if found:
                edges.append(found)
            position = found + len(segment)
    return edges


def _segments(text: str, language: str) -> Iterator[str]:
    for segment in sentencex.segment(language, text):
        if not _LABEL.match(segment):
            yield segment
            continue
        for position, part in enumerate(sentencex.segment(language, "[" + segment[1:])):
            yield part if position else "(" + part[1:]


def _strides(line: str) -> Iterator[tuple[int, int]]:
    """The whole of a line, or of a book in one line pieces that end with a sentence where they can."""
    start = 0
    while len(line) - start > STRIDE:
        ends = [match.end() for match in _END.finditer(line, start, start + STRIDE)]
        end = ends[-1] if ends else start + STRIDE
        yield start, end
        start = end
    yield start, len(line)


def _mend(line: str, boundaries: list[int], language: str) -> list[int]:
    """Add the boundaries the library missed and drop those that are none."""
    quotations = _quotations(line)
    ordinal = (_MISSED_ORDINAL,) if language in _ORDINAL_LANGUAGES else ()
    missed = [
        match.end()
        for pattern in (_MISSED_CJK, _MISSED_INITIAL, _MISSED_AT_END, _MISSED_ETC, _MISSED_NUMBER, *ordinal)
        for match in pattern.finditer(line)
        if not _is_inside(match.end(), quotations)
    ]
    kept: list[int] = []
    for edge in sorted({*boundaries, *missed}):
        start = kept[-1] if kept else 0
        if 0 < edge < len(line) and _is_boundary(_ends_of(line, start, edge), line[edge : edge + _AHEAD], language):
            kept.append(edge)
    return kept


def _ends_of(line: str, start: int, end: int) -> str:
    """A part of a line, of a long one its beginning and end alone: a line may have many boundaries that are none."""
    return line[start:end] if end - start <= 2 * _BACK else line[start : start + _BACK] + line[end - _BACK : end]


def _is_boundary(before: str, after: str, language: str) -> bool:
    """Whether a sentence ends between two parts of a line."""
    if not any(character.isalnum() for character in after) or not any(character.isalnum() for character in before):
        return False
    head, tail = before.rstrip(), after.lstrip()
    if _ONLY_NUMBER.fullmatch(before):
        return False
    end = before[-_BACK:]
    if _INITIAL.search(end):
        rules = rules_of(language)
        never = _EXAMPLE.search(end) or rules.abbreviation.search(end)
        return not never and _begins(tail, rules)
    if _is_abbreviated(end, tail, language):
        return False
    if head == before and tail == after and _is_tight(end, tail):
        return False
    if language in _ORDINAL_LANGUAGES and tail[0].isalpha() and _ORDINAL.search(end):
        return bool(rules_of(language).starter.match(tail)) and not _ITEM.search(end)
    return not (_goes_on(head, tail) or re.match(r"[,;:，、；：）)\]」』”’»]", tail))


def _is_abbreviated(end: str, tail: str, language: str) -> bool:
    """Whether a part of a line ends with an abbreviation that what follows belongs to."""
    rules = rules_of(language)
    if _ABBREVIATION.search(end) or (tail[0].isdigit() and (_COUNTED.search(end) or rules.counted.search(end))):
        return True
    if _ABBREVIATION_AT_END.search(end):
        return not _begins(tail, rules) or bool(_ONE_LETTER.match(tail))
    if rules.abbreviation.search(end):
        return rules.starter_in_names or not rules.starter.match(tail)
    return language == "tr" and bool(_ROMAN.search(end)) and not rules.starter.match(tail)


def _begins(tail: str, rules: Rules) -> bool:
    """Whether a text begins with a word that begins sentences."""
    return bool(_STARTER.match(tail) or rules.starter.match(tail))


def _is_tight(head: str, tail: str) -> bool:
    """Whether a mark without a space behind it stands inside a name."""
    word = _TIGHT.search(head)
    if not word or not tail[0].isalnum():
        return False
    return not (len(word[1]) >= _TIGHT_LETTERS and word[1][-1].islower() and tail[0].isupper())


def _goes_on(head: str, tail: str) -> bool:
    """Whether the sentence goes on: in lower case where sentences begin in upper, or behind a quotation."""
    if tail[:2].islower() and head.lstrip("„“”\"«»‚‘'’([¡¿–—- ")[:1].isupper():
        return True
    if head[-1] in "\"'”’" and _KOREAN_QUOTED.match(tail):
        return True
    if head[-1] in "」』）":
        return bool(_PARTICLE.match(tail) or (head[0] in "「『" and _SPEAKER.match(tail)))
    return head[-1] == "”" and head[0] == "“" and bool(_SPEAKER.match(tail))


def _quotations(line: str) -> list[Span]:
    """The quotations and brackets of a line that are opened and closed."""
    return [Span(match.start(), match.end()) for match in _QUOTATION.finditer(line)]


def _is_inside(position: int, quotations: list[Span]) -> bool:
    index = bisect_left(quotations, position, key=lambda span: span.end) if quotations else 0
    return index < len(quotations) and quotations[index].start < position < quotations[index].end


def _trim(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    bare = piece.strip()
    if not bare:
        return None
    first = start + len(piece) - len(piece.lstrip())
    return Span(first, first + len(bare))


def _bounded(text: str, span: Span) -> Iterator[Span]:
    """A span, or pieces of at most 600 characters: cut at a sentence's or clause's end, white space, or anywhere."""
    start = span.start
    while span.end - start > MAX_SENTENCE:
        edge = start + _cut(text[start : start + MAX_SENTENCE])
        piece = _trim(text, start, edge)
        if piece:
            yield piece
        start = edge
    rest = _trim(text, start, span.end)
    if rest:
        yield rest


def _cut(piece: str) -> int:
    """The latest good place to cut, in the second half of a piece."""
    for pattern in (_END, _CLAUSE, re.compile(r"\s+")):
        ends = [match.end() for match in pattern.finditer(piece) if match.end() > len(piece) // 2]
        if ends:
            return ends[-1]
    return len(piece)


_END = re.compile(rf"[{TERMINATORS}][{CLOSERS}]*\s+|[。！？][{CLOSERS}]*")
