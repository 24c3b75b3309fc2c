"""Whether a text is garbled: read in the wrong encoding, or shown by fonts that do not say which letters they draw."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

#: Share of the pairs of characters within words beyond ASCII, one of them a letter, that break a word, from which it is
#: garbled. None is of 347 pages in older encodings that were read right and of 2,025 passages and pages in 24
#: languages; of 38 that were read wrong 21 are, all in IBM 855 and Johab (Mac Cyrillic only changes some letters).
GARBLED = 0.2
#: Fewer pairs are too few to tell.
LEAST_PAIRS = 40
#: Share of the words that must have letters beyond ASCII: among fewer, formulas break most of them ("α≤β").
LEAST_WORDS = 0.2
#: So much of a text is looked at.
SAMPLE = 100_000

_EAST_ASIAN = "\u2e80"
_SYMBOLS = frozenset(("So", "Sk", "Sc", "Sm", "No", "Cc", "Cn", "Co"))
_LATIN_MARKS = "¡¿§¶‰"
_WORD = re.compile(r"[^\s\"'”“’‘»«›‹(){}\[\],.;:!?…–—*_/\\<>=|•¦\u2500-\u257f-]+")


def is_garbled(text: str) -> bool:
    """Whether capitals and symbols inside its words show that a text is not what its letters say.

    Scripts without capitals that are taken for one another are not noticed.
    """
    words = [word for word in _WORD.findall(text[:SAMPLE]) if any(map(str.isalpha, word))]
    beyond = [word for word in words if any("\x7f" < letter < _EAST_ASIAN and letter.isalpha() for letter in word)]
    pairs = [
        (first, second)
        for word in beyond
        for first, second in pairwise(word)
        if max(first, second) < _EAST_ASIAN and (first.isalpha() or second.isalpha())
    ]
    broken = sum(
        (first.islower() and second.isupper()) or _is_symbol(first) or _is_symbol(second) for first, second in pairs
    )
    return len(beyond) >= LEAST_WORDS * len(words) and len(pairs) >= LEAST_PAIRS and broken >= GARBLED * len(pairs)


def _is_symbol(character: str) -> bool:
    return character in _LATIN_MARKS or (character > "\x7f" and unicodedata.category(character) in _SYMBOLS)
