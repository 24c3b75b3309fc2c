"""Who waits for an answer, and whose turn it is: one question of each client a round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from rag.errors import CrossciteError


class Asked(Protocol):
    """What stands in the line: a question of somebody."""

    @property
    def client(self) -> str: ...


T = TypeVar("T", bound=Asked)


class NoPlace(CrossciteError):
    """Nobody else may wait, or not this client."""


class WaitingLine(Generic[T]):
    """Questions in the order in which they are answered, ``places`` of them behind the one whose turn it is.

    Questions are answered in rounds, one of each client a round, in the order of asking within it; whoever was answered
    in this round and asks again waits for the next one, so that nobody waits for ever. A client may take a
    further place only while more of them are free than it has: somebody who asks a hundred questions at once leaves
    half of the places to others, and these again share what is left. Not thread-safe: the worker's lock is held.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._round = 0
        self._turns: dict[str, int] = {}  # the last round of each client that has one now or later
        self._current: tuple[int, T] | None = None
        self._waiting: list[tuple[int, T]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, asked: T) -> bool:
        return any(asked is other for _, other in self._waiting)

    def __iter__(self) -> Iterator[T]:
        return (asked for _, asked in self._waiting)

    @property
    def current(self) -> T | None:
        """Whose turn it is."""
        return self._current[1] if self._current else None

    def add(self, asked: T) -> None:
        """Let a question wait.

        Raises:
            NoPlace: all places are taken, or as many as this client may take.
        """
        line = [*([self._current] if self._current else []), *self._waiting]
        behind = [other.client for _, other in line[1:]]
        if len(line) > self._places:
            raise NoPlace(f"{len(behind)} questions are waiting already, which is as many as this server takes.")
        own = behind.count(asked.client)
        if line and own >= self._places - len(behind):
            raise NoPlace(f"{own} questions of yours are waiting already; the other places are for others.")
        if not line:
            self._turns.clear()  # nobody waited: turns taken long ago do not count
        turn = max(self._round, self._turns.get(asked.client, -1) + 1)
        self._turns[asked.client] = turn
        self._waiting.append((turn, asked))
        self._waiting.sort(key=lambda entry: entry[0])  # stable: within a round as they came

    def take(self) -> T:
        """Return the next question, whose turn it is until `done`."""
        self._current = self._waiting.pop(0)
        self._round = self._current[0]
        self._turns = {client: turn for client, turn in self._turns.items() if turn >= self._round}
        return self._current[1]

    def done(self) -> None:
        """End the turn of the question that was taken."""
        self._current = None

    def remove(self, asked: T) -> bool:
        """Take a question out of the line; tell whether it stood there."""
        turn = next((turn for turn, other in self._waiting if other is asked), None)
        if turn is None:
            return False
        self._waiting = [entry for entry in self._waiting if entry[1] is not asked]
        if self._turns.get(asked.client) == turn:
            self._turns[asked.client] = turn - 1
        return True

    def clear(self) -> list[T]:
        """Empty the line and return who stood there."""
        waiting = list(self)
        self._waiting.clear()
        return waiting

    def ahead_of(self, asked: T) -> int:
        """Return how many questions are answered before this one: 0 when it is being answered or done."""
        if asked not in self:
            return 0
        return [other is asked for other in self].index(True) + (self._current is not None)
