"""Does a drafted sentence only say the question again, or one thing twice?

"The company was asked to restore the tapes" is no answer to "Which company was asked to restore the tapes?", yet every
check passes it: its meaning and its names are those of the source. Of 158 German and English drafts for questions of
XQuAD that have an answer 3 without numbers are told to be such; all are wrong, while 2 of the sentences they cite are
right. That the question is repeated is told for alphabets with capitals only: in Japanese, where it was tried too, most
were right, as they answer "A or B?".
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

from rag import declaration, figures, language, names

_SHORT = 4
"""Letters that a word of grammar has at most ("that", "eine"); which ones those are tells a text in the language."""

_STEM, _ENDING = 4, 3
"""Letters that two forms of a word share at least, and letters at their ends in which they may differ."""

_REPEATED = 0.6
"""Share of the question's longer words that a sentence says again: "It is forbidden" has its answer in few of them."""

_TWICE = 0.4
"""Share of a sentence that, when it stands there twice beside words of grammar alone, leaves nothing to say: "The name
of the line is the name of the line"."""

_HIRAGANA = re.compile("[\u3040-\u309f]+")


def only_restates(sentence: str, question: str, sentence_language: str) -> bool:
    """Whether a sentence says one thing twice, or most of the question with no number or word of content of its own.

    One that chooses between two numbers of the question has not all of them.

    >>> only_restates("The team is led by a leader.", "Who is the leader that the team is led by?", "en")
    True
    >>> only_restates("The team is led by Wang.", "Who is the leader that the team is led by?", "en")
    False
    """
    if _says_one_thing_twice(sentence, sentence_language):
        return True
    said, asked = _words(sentence), _words(question)
    if not said or any(map(_has_no_capitals, said)) or figures.unsupported(sentence, [question]):
        return False
    if figures.figures(sentence) and figures.unsupported(question, [sentence]):
        return False
    new = [word for word in said if not any(_alike(word, other) for other in asked)]
    longer = [word for word in asked if len(word) > _SHORT]
    again = sum(any(_alike(word, other) for other in said) for word in longer)
    return _grammar(sentence_language).issuperset(new) and again >= max(1.0, _REPEATED * len(longer))


def _says_one_thing_twice(sentence: str, sentence_language: str) -> bool:
    """Whether most of a sentence is one text twice, in whole words, and the rest of it only joins them."""
    text = sentence.casefold()
    part = max(_SHORT + 1, math.ceil(_TWICE * len(text)))
    for first in range(len(text) - 2 * part + 1):
        second = text.find(text[first : first + part], first + part)
        if second < 0:
            continue
        length = names.shared_letters(text[first:second], text[second:])
        ends = (first, first + length, second, second + length)
        rest = _words(f"{text[:first]} {text[first + length : second]} {text[second + length :]}")
        if _is_hardly_anything(rest, sentence_language) and not any(_cuts_a_word(text, at) for at in ends):
            return True
    return False


def _cuts_a_word(text: str, at: int) -> bool:
    around = text[max(0, at - 1) : at + 1]
    return len(around) == 2 and around.isalnum() and not language.is_unspaced(around)


def _is_hardly_anything(words: Sequence[str], of: str) -> bool:
    """Whether words only join: grammar of a language, and one more short word at most ("is")."""
    others = [word for word in words if word not in _grammar(of) and not _HIRAGANA.fullmatch(word)]
    return bool(words) and len(others) <= 1 and all(word.isalpha() and len(word) <= _SHORT for word in others)


def _has_no_capitals(word: str) -> bool:
    return any(map(str.isalpha, word)) and word.upper() == word


def _words(text: str) -> list[str]:
    return [word.casefold() for word in names.WORD.findall(text)]


def _alike(first: str, second: str) -> bool:
    """Whether two words are the same, or forms of the same."""
    shared = names.shared_letters(first, second)
    return first == second or (shared >= _STEM and max(len(first), len(second)) - shared <= _ENDING)


@cache
def _grammar(of: str) -> frozenset[str]:
    """Return the short words that a text in a language has more than once."""
    words = Counter(word for part in declaration.texts().get(of, ()) for word in _words(part) if len(word) <= _SHORT)
    return frozenset(word for word, count in words.items() if count > 1)
