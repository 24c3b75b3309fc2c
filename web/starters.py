"""Questions to begin with, made of what the documents name most."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, zip_longest
from typing import TypeVar

from rag.types import Document
from web.i18n import Interface

HOW_MANY = 4
READ_CHARACTERS = 20_000
"""Characters of a document that are looked through: what it is about is named early and often."""

_CAPITALISED = r"[A-Z\u00c0-\u00de\u0386-\u03ab\u0410-\u042f\u0400-\u040f][\w'’-]+"
_NAME = re.compile(
    # two or three capitalised words that do not begin a sentence, as in "by Ada Lovelace"
    rf"(?<=[\w,] )(?<!\w\. ){_CAPITALISED}(?: {_CAPITALISED}){{1,2}}\b"
    # a foreign name in Japanese, whose parts a dot divides, and a Latin one in Chinese or Japanese
    r"|[\u30a1-\u30fa\u30fc]{2,}(?:・[\u30a1-\u30fa\u30fc]{2,})+"
    r"|(?<=[\u3040-\u30ff\u4e00-\u9fff])[A-Z][A-Za-z]{3,}"
)

T = TypeVar("T")


def spread(items: Iterable[T], kind: Callable[[T], str]) -> list[T]:
    """Return the items so that every kind has its turn.

    >>> spread(["a1", "a2", "b1"], lambda item: item[0])
    ['a1', 'b1', 'a2']
    """
    kinds: dict[str, list[T]] = {}
    for item in items:
        kinds.setdefault(kind(item), []).append(item)
    return [item for item in chain.from_iterable(zip_longest(*kinds.values())) if item is not None]


def starters(documents: Sequence[Document], t: Interface) -> list[str]:
    """Return a question about each document in the language of the interface, none of them twice."""
    questions = []
    asked: set[str] = set()
    for document in documents:
        name = next((name for name in names(document.text) if name not in asked), None)
        asked.add(name or document.title)
        if name:
            questions.append(t.text("chat.starter_name", name=_isolated(name)))
        else:
            questions.append(t.text("chat.starter_title", title=_isolated(document.title)))
    return list(dict.fromkeys(questions))


def _isolated(text: str) -> str:
    """Keep a text's direction of writing from reordering what stands around it."""
    return f"\u2068{text}\u2069"


def names(text: str) -> list[str]:
    """Return the names that a text uses more than once, the most frequent first, then in order of appearance.

    >>> names("It was found by Ada Lovelace. So did Ada Lovelace say, and Charles Babbage.")
    ['Ada Lovelace']
    """
    found = Counter(match[0] for match in _NAME.finditer(text[:READ_CHARACTERS]))
    return [name for name, count in found.most_common() if count > 1]
