"""Does a drafted sentence only say the question again?

"The company was asked to restore the tapes" is no answer to "Which company was asked to restore the tapes?", yet every
check passes it: its meaning and its names are those of the source.
"""

from __future__ import annotations

import re
from functools import cache

from rag import declaration, figures, language, names

_SHORT = 4
"""Letters that a word of grammar has at most ("that", "eine"); which ones those are tells a text in the language."""

_STEM, _ENDING = 4, 3
"""Letters that a word must share with one of the question, and letters at its end that may differ by inflection."""

_GRAMMAR = re.compile(r"[\u3040-\u309f\u30fc]|[是的了为為在有]")
"""Hiragana, and the commonest Chinese particles."""


def only_restates(sentence: str, question: str, sentence_language: str) -> bool:
    """Whether a sentence has neither number nor word of content that the question had not.

    >>> only_restates("The team has its own leader.", "Who leads the team as its own leader?", "en")
    True
    >>> only_restates("The team is led by Wang.", "Who leads the team as its own leader?", "en")
    False
    """
    if figures.unsupported(sentence, [question]):
        return False
    if language.is_unspaced(sentence):
        return all(sign in question or not sign.isalnum() or _GRAMMAR.match(sign) for sign in sentence)
    asked = tuple(_words(question))
    new = [word for word in _words(sentence) if not any(one.startswith(_stem(word)) for one in asked)]
    return _grammar(sentence_language).issuperset(new)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in names.WORD.findall(text)]


def _stem(word: str) -> str:
    return word[: max(_STEM, len(word) - _ENDING)]


@cache
def _grammar(of: str) -> frozenset[str]:
    articles = declaration.texts().get(of, ())
    return frozenset(word for article in articles for word in _words(article) if len(word) <= _SHORT)
