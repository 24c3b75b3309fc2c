"""Whose turn it is, and who may still wait."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from web.waiting import NoPlace, WaitingLine


@dataclass(frozen=True)
class Asked:
    client: str
    number: int

    def __repr__(self) -> str:
        return f"{self.client}{self.number}"


def line_of(names: str, places: int = 8) -> WaitingLine[Asked]:
    """A line of questions by client and number: "a1 a2 b1"."""
    line: WaitingLine[Asked] = WaitingLine(places)
    for name in names.split():
        line.add(Asked(name[0], int(name[1:])))
    return line


def order(line: WaitingLine[Asked]) -> str:
    """Who is answered, one after the other."""
    answered = []
    while len(line):
        answered.append(str(line.take()))
        line.done()
    return " ".join(answered)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("a1 a2 a3", "a1 a2 a3"),
        ("a1 a2 a3 b1", "a1 b1 a2 a3"),
        ("a1 a2 b1 c1 b2", "a1 b1 c1 a2 b2"),
        ("b1 a1 c1", "b1 a1 c1"),
    ],
)
def test_clients_take_turns_in_the_order_of_asking(asked: str, answered: str) -> None:
    assert order(line_of(asked)) == answered


def test_somebody_new_comes_before_the_second_question_of_whoever_is_being_answered() -> None:
    line = line_of("a1 a2 a3")
    assert str(line.take()) == "a1"
    line.add(Asked("b", 1))
    line.done()
    assert order(line) == "b1 a2 a3"


def test_turns_taken_long_ago_do_not_count() -> None:
    line = line_of("a1 a2 a3 a4")
    for _ in range(4):
        line.take()
        line.done()
    line.add(Asked("a", 5))
    line.add(Asked("b", 1))
    assert order(line) == "a5 b1"


def test_one_client_gets_half_of_the_places_and_others_share_the_rest() -> None:
    line = line_of("a0")
    line.take()
    taken = {}
    for client in "abcde":
        taken[client] = 0
        for number in range(1, 9):
            try:
                line.add(Asked(client, number))
            except NoPlace:
                break
            taken[client] += 1
    assert taken == {"a": 4, "b": 2, "c": 1, "d": 1, "e": 0}


def test_who_may_not_wait_is_told_why() -> None:
    with pytest.raises(NoPlace, match="4 questions of yours are waiting already; the other places are for others"):
        line_of("a1 a2 a3 a4 a5 a6")
    with pytest.raises(NoPlace, match="2 questions are waiting already, which is as many as this server takes"):
        line_of("a1 b1 c1 d1", places=2)


def test_how_many_come_first_counts_the_one_that_is_being_answered() -> None:
    line = line_of("a1 a2 b1")
    first = line.take()
    b1, a2 = line
    assert [(str(asked), line.ahead_of(asked)) for asked in (first, b1, a2)] == [("a1", 0), ("b1", 1), ("a2", 2)]


def test_who_leaves_makes_room() -> None:
    line = line_of("a1 b1 c1", places=2)
    b1 = list(line)[1]
    assert line.remove(b1)
    assert not line.remove(b1)
    line.add(Asked("d", 1))
    assert order(line) == "a1 c1 d1"


def test_nobody_waits_for_ever_behind_others_who_ask_again_as_soon_as_they_are_answered() -> None:
    line = line_of("a1 a2 b1 c1")
    answered = []
    for number in range(2, 6):
        asked = line.take()
        answered.append(str(asked))
        line.done()
        if asked.client != "a":
            line.add(Asked(asked.client, number))
    assert answered == ["a1", "b1", "c1", "a2"]


def test_a_question_withdrawn_before_its_turn_takes_none() -> None:
    line = line_of("a1 b1")
    first = line.take()
    waiting = next(iter(line))
    assert (str(first), line.remove(waiting), line.remove(waiting)) == ("a1", True, False)
    line.add(Asked("c", 1))
    line.add(Asked("b", 2))
    line.add(Asked("a", 2))
    line.done()
    assert order(line) == "c1 b2 a2"
