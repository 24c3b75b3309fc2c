"""Group consecutive sentences to passages: long enough to mean something, short enough to mean one thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.types import Document, Passage, Sentence

#: A passage of this share of the target may end where its paragraph ends.
ENOUGH = 2 / 3


def passages(
    document: Document,
    sentences: Sequence[Sentence],
    *,
    count_tokens: Callable[[str], int],
    target: int = 96,
    limit: int = 128,
) -> list[Passage]:
    """Passages of about ``target`` tokens, at most ``limit`` unless one sentence alone is longer, without overlap.

    Passages end at paragraph ends where they can, and always before a heading, which goes with what follows it. Every
    sentence is in exactly one passage, and ``passage.text == document.text[passage.start:passage.end]``.
    """
    groups: list[list[Sentence]] = []
    tokens = 0
    sizes = [count_tokens(sentence.text) for sentence in sentences]
    rest = _paragraph_rest(sentences, sizes)
    for index, sentence in enumerate(sentences):
        if not groups or _ends_before(sentence, groups[-1], tokens, sizes[index], rest[index], target, limit):
            groups.append([])
            tokens = 0
        groups[-1].append(sentence)
        tokens += sizes[index]
    return [_passage(document, position, group) for position, group in enumerate(groups)]


def context(sentences: Sequence[Sentence], index: int) -> str:
    """A sentence with its neighbours on either side, for an embedding that knows what "he" and "this" refer to."""
    before = sentences[index - 1] if index > 0 else None
    after = sentences[index + 1] if index + 1 < len(sentences) else None
    return " ".join(one.text for one in window(sentences[index], before, after))


def window(sentence: Sentence, before: Sentence | None, after: Sentence | None) -> list[Sentence]:
    """A sentence and, in reading order, those of the ones beside it that are about the same.

    The window never crosses into another section: it reaches back to the heading above but not over it, since what
    stands before a heading is about something else, and it stops before a heading below for the same reason.
    """
    found = [sentence]
    if before is not None and before.document == sentence.document and not sentence.heading:
        found.insert(0, before)
    if after is not None and after.document == sentence.document and (not after.heading or sentence.heading):
        found.append(after)
    return found


def _ends_before(
    sentence: Sentence, group: Sequence[Sentence], tokens: int, size: int, rest: int, target: int, limit: int
) -> bool:
    """Whether the passage so far ends before this sentence; ``rest`` are the tokens from it to its paragraph's end."""
    last = group[-1]
    if last.heading:
        # A heading is never left alone, but a run of "headings" (a list, a menu) must not grow without bound.
        return tokens + size > limit and len(group) > 1 and group[0].heading and sentence.heading
    if sentence.heading or tokens + size > limit:
        return True
    if sentence.paragraph != last.paragraph:
        return tokens >= ENOUGH * target or (tokens + rest > limit and tokens >= target / 2)
    return tokens >= target and rest > limit - tokens


def _paragraph_rest(sentences: Sequence[Sentence], sizes: Sequence[int]) -> list[int]:
    """For each sentence, the tokens from it to the end of its paragraph."""
    rest = list(sizes)
    for index in range(len(sentences) - 2, -1, -1):
        if sentences[index].paragraph == sentences[index + 1].paragraph:
            rest[index] += rest[index + 1]
    return rest


def _passage(document: Document, position: int, group: Sequence[Sentence]) -> Passage:
    start, end = group[0].start, group[-1].end
    return Passage(
        document=document.id,
        position=position,
        first=group[0].position,
        last=group[-1].position,
        start=start,
        end=end,
        text=document.text[start:end],
    )
