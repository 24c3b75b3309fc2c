"""States of the model in memory."""

from __future__ import annotations

import numpy as np

from rag.states import State, States, common


def state(*tokens: int, size: int = 10) -> State:
    return State(np.array(tokens, dtype=np.intc), np.zeros(size, dtype=np.uint8))


def tokens_of(states: States, *tokens: int) -> tuple[list[int] | None, int]:
    found, alike = states.most_alike(tokens)
    return (None if found is None else found.tokens.tolist(), alike)


def test_sequences_are_alike_up_to_the_first_token_that_differs() -> None:
    one = np.array([1, 2, 3], dtype=np.intc)
    assert common(one, np.array([1, 2, 4], dtype=np.intc)) == 2
    assert common(one, np.array([1, 2, 3, 4], dtype=np.intc)) == 3
    assert common(one, np.array([], dtype=np.intc)) == 0


def test_the_state_that_begins_alike_for_longest_is_found() -> None:
    states = States(100)
    states.keep(state(1, 2, 3, 9))
    states.keep(state(1, 5))
    assert tokens_of(states, 1, 2, 3, 4) == ([1, 2, 3, 9], 3)
    assert tokens_of(states, 1, 5, 6) == ([1, 5], 2)
    assert tokens_of(states, 7) == (None, 0)
    assert tokens_of(States(100), 7) == (None, 0)


def test_a_state_takes_the_place_of_those_that_it_goes_on_from() -> None:
    states = States(100)
    states.keep(state(1, 2))
    states.keep(state(1, 3))
    states.keep(state(1, 2, 3))
    assert len(states) == 2
    assert tokens_of(states, 1, 2) == ([1, 2, 3], 2)


def test_what_was_not_used_for_longest_makes_room() -> None:
    states = States(20)
    states.keep(state(1))
    states.keep(state(2))
    first, _ = states.most_alike([1])
    assert first is not None
    states.used(first)
    states.keep(state(3))
    assert [tokens_of(states, number)[1] for number in (1, 2, 3)] == [1, 0, 1]


def test_a_state_that_has_no_room_at_all_drives_out_nothing() -> None:
    states = States(20)
    states.keep(state(1))
    states.keep(state(2, size=21))
    assert [tokens_of(states, number)[1] for number in (1, 2)] == [1, 0]


def test_what_a_state_begins_with_is_there() -> None:
    states = States(100)
    states.keep(state(1, 2, 3))
    assert states.has(np.array([1, 2], dtype=np.intc))
    assert not states.has(np.array([1, 2, 3, 4], dtype=np.intc))
    assert not states.has(np.array([], dtype=np.intc))
