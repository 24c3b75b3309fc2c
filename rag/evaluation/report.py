"""Ask a golden set and print what the answers are worth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from tqdm import tqdm

from rag.chatbot import Chatbot
from rag.evaluation import golden
from rag.evaluation.measures import Row, judge, latencies, measures
from rag.types import Answer, Question
from rag.wire import answer_to_dict


def run(chatbot: Chatbot, path: Path, *, only: str | None = None, output: Path | None = None) -> list[Row]:
    """Ask every item of a golden set, print the failing ones and the measures, and return the rows.

    Raises:
        GoldenError: the set cannot be read.
    """
    items = [item for item in golden.load(path) if not only or item.id.startswith(only)]
    rows = []
    for item in tqdm(items, desc="Asking", unit="question", disable=None):
        row = judge(item, _answered(chatbot, item.asked()), lambda id: chatbot.index.document(id).text)
        rows.append(row)
        if output:
            _append(output, row)
    _print(rows)
    return rows


def _answered(chatbot: Chatbot, question: Question) -> Answer:
    (last,) = [event.data for event in chatbot.answer(question) if isinstance(event.data, Answer)]
    return last


def _append(output: Path, row: Row) -> None:
    record = {
        "id": row.item.id,
        "correct": row.correct,
        "citations_right": row.citations_right,
        "language_right": row.language_right,
        "signals": dict(row.answer.signals),
        "answer": answer_to_dict(row.answer),
        "item": asdict(row.item),
    }
    with output.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _print(rows: Sequence[Row]) -> None:
    for row in rows:
        wrong = row.correct is False or (not row.item.answerable and row.answer.answered)
        if wrong or not all(row.citations_right) or row.language_right is False:
            click.echo(f"{row.item.id}: {row.item.question}\n    {row.answer.text}")
    click.echo()
    for measure in measures(rows):
        low, high = measure.interval
        click.echo(
            f"{measure.name:20} {measure.value:5.2f}  ({measure.hits}/{measure.total}; 95 %: {low:.2f}-{high:.2f})"
        )
    for name, seconds in latencies(rows).items():
        click.echo(f"{name:20} {seconds:5.2f} s")
