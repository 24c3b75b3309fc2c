"""Answers that were given, for whoever asks the same again. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from rag.types import Event, Question

KEPT = 512
"""Answers remembered: about 10 kB each with their evidence and citations."""


class Answers:
    """The answers given last over one index, which never changes, by the same models.

    The question, the turns it leans on, the language and the documents must be the same to the letter. A new index
    means a new chatbot, which begins with none.
    """

    def __init__(self) -> None:
        self._events: OrderedDict[Question, tuple[Event, ...]] = OrderedDict()

    def given(self, question: Question) -> Sequence[Event]:
        """Return the events of the answer to this question; nothing if there was none or a fresh one is wanted."""
        if question.fresh or question not in self._events:
            return ()
        self._events.move_to_end(question)
        return self._events[question]

    def keep(self, question: Question, events: Sequence[Event]) -> None:
        """Remember a whole answer, and forget the one not asked for longest."""
        question = replace(question, fresh=False)
        self._events[question] = tuple(events)
        self._events.move_to_end(question)
        if len(self._events) > KEPT:
            self._events.popitem(last=False)
