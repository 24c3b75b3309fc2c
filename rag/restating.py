"""Does a drafted sentence only say the question again, or one thing twice?

"The company was asked to restore the tapes" is no answer to "Which company was asked to restore the tapes?", yet every
check passes it: its meaning and its names are those of the source. Of 158 German and English drafts for questions of
XQuAD that have an answer 3 are told to be such; all are wrong, while 2 of the sentences they cite are right. Told for
alphabets with capitals only: in Japanese, where it was tried too, most were right, as they answer "A or B?".
"""

from __future__ import annotations

import math
from collections import Counter
from functools import cache

from rag import declaration, figures, names

_SHORT = 4
"""Letters that a word of grammar has at most ("that", "eine"); which ones those are tells a text in the language."""

_STEM, _ENDING = 4, 3
"""Letters that two forms of a word share at least, and letters at their ends in which they may differ."""

_REPEATED = 0.6
"""Share of the question's longer words that a sentence says again: "It is forbidden" has its answer in few of them."""

_TWICE = 0.4
"""Share of a sentence that, when it stands there twice, leaves nothing to say: "The name of the line is the name of the
line." """


def only_restates(sentence: str, question: str, sentence_language: str) -> bool:
    """Whether a sentence says most of the question, and has neither number nor word of content that it had not.

    One that says the same thing twice says nothing in any language.

    >>> only_restates("The team is led by a leader.", "Who is the leader that the team is led by?", "en")
    True
    >>> only_restates("The team is led by Wang.", "Who is the leader that the team is led by?", "en")
    False
    """
    if _says_one_thing_twice(sentence):
        return True
    said, asked = _words(sentence), _words(question)
    if (
        not said
        or any(word.isalpha() and word.upper() == word for word in said)
        or figures.unsupported(sentence, [question])
    ):
        return False
    new = [word for word in said if not any(_alike(word, other) for other in asked)]
    longer = [word for word in asked if len(word) > _SHORT]
    again = sum(any(_alike(word, other) for other in said) for word in longer)
    return _grammar(sentence_language).issuperset(new) and again >= max(1.0, _REPEATED * len(longer))


def _says_one_thing_twice(sentence: str) -> bool:
    part = math.ceil(_TWICE * len(sentence))
    return part > _SHORT and any(
        sentence.find(sentence[at : at + part], at + part) >= 0 for at in range(len(sentence) - 2 * part + 1)
    )


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
