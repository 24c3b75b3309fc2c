"""What a document makes the model write beside words: numbers of sources, pictures and links."""

from __future__ import annotations

import numpy as np
import pytest

from rag import citations
from rag.types import Evidence

QUOTE = "The railings of the bridge are painted green."
EVIDENCE = [Evidence(1, "a.txt", "Railings", "en", 0, len(QUOTE), QUOTE, 1.0)]
SAME = np.array([[1.0, 0.0]], dtype=np.float32)


def shown(draft: str) -> str:
    verified = citations.verify(draft, SAME[0], EVIDENCE, SAME, question="Which colour?", answer_language="en")
    sentences, cited = citations.number([verified])
    assert [(one.number, one.quote) for one in cited] == [(1, QUOTE)]
    return citations.with_markers(sentences)


MARKS = (
    *("[7]", "[7, 8]", "[7; 8]", "[7-9]", "[7][8]", "[7], [99]", "[ 7 ]", "［７］", "[^9]"),
    *("【7】", "【7†source】", "【7:0†a.pdf】"),
)


@pytest.mark.parametrize("mark", MARKS)
def test_numbers_of_sources_that_a_document_asks_for_never_become_citations(mark: str) -> None:
    assert shown(f"The railings are green {mark}.") == "The railings are green. [1]"
    assert shown(f"The railings{mark} are green.") == "The railings are green. [1]"


@pytest.mark.parametrize("kept", ["[sic]", "[1931]", "(7)", "a[i]"])
def test_other_brackets_stay(kept: str) -> None:
    evidence = [Evidence(1, "a.txt", "Railings", "en", 0, 5, f"{QUOTE} {kept}", 1.0)]
    verified = citations.verify(f"Green {kept} railings.", SAME[0], evidence, SAME, question="?", answer_language="en")
    assert verified.text == f"Green {kept} railings."


def test_a_picture_that_would_call_out_where_answers_are_rendered_is_left_out() -> None:
    draft = "The railings are green ![bridge](https://glowworm.example/p.png?q=secret)."
    assert shown(draft) == "The railings are green bridge. [1]"


def test_a_link_cannot_hide_where_it_leads() -> None:
    assert (
        shown("See [the bank](https://glowworm.example/login).") == "See the bank (https://glowworm.example/login). [1]"
    )


def test_hidden_characters_of_a_draft_are_not_shown() -> None:
    assert shown("The rail\u200bings are \u202egreen\U000e0041.") == "The railings are green. [1]"
