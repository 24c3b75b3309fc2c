"""Is a golden set sound? What would make an item measure nothing is found before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rag import gate, language
from rag.evaluation.golden import GoldenItem, folded


@dataclass(frozen=True)
class Finding:
    """What is wrong with an item; ``doubt`` says that it may be meant so."""

    id: str
    words: str
    doubt: bool = False


def check(items: Sequence[GoldenItem], texts: Mapping[str, str]) -> list[Finding]:
    """Return what is wrong with a golden set about documents, given as texts by id."""
    held = {id: folded(text) for id, text in texts.items()}
    found = [Finding(id, f"the id stands {count} times") for id, count in _repeated([item.id for item in items])]
    for first, second in _same_questions(items):
        found.append(Finding(second.id, f"asks the same as {first.id}"))
    for item in items:
        found += _of_item(item, held)
    return found


def _of_item(item: GoldenItem, held: Mapping[str, str]) -> Iterator[Finding]:
    yield from _language(item)
    if not item.answerable:
        if item.must or item.evidence or item.documents:
            yield Finding(item.id, "is unanswerable, but has must, evidence or documents")
        return
    yield from _evidence(item, held)
    yield from _nobody_can_fail(item)
    yield from _nobody_can_pass(item)


def _evidence(item: GoldenItem, held: Mapping[str, str]) -> Iterator[Finding]:
    if not item.evidence:
        yield Finding(item.id, "is answerable, but has no evidence: no citation can ever be right")
    for document in item.documents:
        if document not in held:
            yield Finding(item.id, f"names the document {document}, which is not in the index")
    for words in item.evidence:
        having = [id for id, text in held.items() if folded(words) in text]
        if not having:
            yield Finding(item.id, f"has evidence that no document contains: {words!r}")
        elif not set(having) & set(item.documents):
            yield Finding(
                item.id, f"has evidence that stands in {', '.join(having)}, which it does not name: {words!r}"
            )


def _nobody_can_fail(item: GoldenItem) -> Iterator[Finding]:
    if not item.must or not item.min_groups:
        yield Finding(item.id, "cannot be failed: it asks for nothing (must, min_groups)")
        return
    question = folded(item.question)
    echoed = [group for group in item.must if any(folded(option) in question for option in group)]
    if len(echoed) >= item.min_groups:
        words = ", ".join(repr(option) for group in echoed for option in group if folded(option) in question)
        yield Finding(item.id, f"can be passed by repeating the question, which contains {words}")
    for option in (option for group in item.must for option in group):
        if len(folded(option)) < 2 and not language.is_unspaced(option) and not option.isdigit():
            yield Finding(item.id, f"accepts {option!r}, which nearly every answer contains")


def _nobody_can_pass(item: GoldenItem) -> Iterator[Finding]:
    if item.min_groups > len(item.must):
        yield Finding(item.id, f"cannot be passed: it asks for {item.min_groups} of {len(item.must)} groups")
    if item.min_documents > len(item.documents):
        yield Finding(item.id, f"cannot be passed: it asks for {item.min_documents} of {len(item.documents)} documents")
    for group in item.must:
        if all(any(folded(wrong) in folded(option) for wrong in item.must_not) for option in group):
            words = " or ".join(repr(option) for option in group)
            yield Finding(item.id, f"forbids by must_not what it asks for: {words}")


def _language(item: GoldenItem) -> Iterator[Finding]:
    detected = language.detect(item.question, expected=item.language)
    if detected != item.language:
        yield Finding(item.id, f"says its language is {item.language}, but it reads like {detected}", doubt=True)
    if not item.must and item.answerable:
        return
    refusal = folded(gate.refusal(item.language).message)
    for wrong in item.must_not:
        if folded(wrong) in refusal:
            yield Finding(item.id, f"forbids {wrong!r}, which the refusal contains", doubt=True)


def _repeated(ids: Sequence[str]) -> list[tuple[str, int]]:
    return [(id, ids.count(id)) for id in dict.fromkeys(ids) if ids.count(id) > 1]


def _same_questions(items: Sequence[GoldenItem]) -> Iterator[tuple[GoldenItem, GoldenItem]]:
    seen: dict[tuple[str, object], GoldenItem] = {}
    for item in items:
        first = seen.setdefault((folded(item.question), item.history), item)
        if first is not item:
            yield first, item
