"""Questions typed into the chat: how long somebody waits who has typed at some speed and then presses Enter."""

from __future__ import annotations

import math
import re
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tqdm import tqdm

from rag.bench.serving import BenchError, Page
from rag.evaluation.golden import GoldenItem
from rag.evaluation.statistics import percentile_95

PAUSE_SECONDS = 0.35
"""As PAUSE_MS of web/static/js/ahead.js."""

CHARACTERS_A_WORD = 5
"""By which words a minute are counted, a space included."""

_ENDS_A_WORD = re.compile(r"\W$")

_COMMITTED = re.compile(r"(?<=[\u3040-\u309f])(?=[^\u3040-\u309f])")
"""Where an input method is taken to commit what it composed: after the kana that end a Japanese phrase."""

_COMPOSED = re.compile(r"[\u3040-\u9fff]$")


@dataclass(frozen=True)
class Waited:
    """Seconds from Enter until the evidence, the first word and the whole answer; a refusal has no first word."""

    id: str
    evidence: float
    first: float | None
    whole: float
    answered: bool

    @property
    def something(self) -> float:
        """Until there is something to read: the first word, or that there is no answer."""
        return self.whole if self.first is None else self.first


def schedule(text: str, seconds: float) -> Iterator[tuple[float, str]]:
    """Yield when the chat sends what, of a text typed at some seconds a character; it is asked one character later."""
    sent = ""
    for at, typed in _looks(text, seconds):
        if typed.strip() not in ("", sent):
            sent = typed.strip()
            yield at, sent


def _looks(text: str, seconds: float) -> Iterator[tuple[float, str]]:
    """Yield when the page looks, and what stands there: when a word is complete, or a letter has waited long enough."""
    due = math.inf
    for length in range(1, len(text) + 2):
        now, typed = length * seconds, text[:length]
        if due < now:
            yield due, text[: length - 1]
            due = math.inf
        if length > len(text):
            return  # Enter
        if _ENDS_A_WORD.search(typed) or _COMMITTED.match(text, length):
            yield now, typed
            due = math.inf
        elif not _COMPOSED.search(typed):
            due = min(due, now + PAUSE_SECONDS)


def measure(url: str, items: Sequence[GoldenItem], words_a_minute: float, *, ahead: bool = True) -> list[Waited]:
    """Type and ask each question on a page of its own; ``ahead`` False sends nothing before Enter."""
    seconds = 60 / (words_a_minute * CHARACTERS_A_WORD)
    return [_typed(Page(url), item, seconds, ahead) for item in tqdm(items, desc="Typing", unit="question")]


def _typed(page: Page, item: GoldenItem, seconds: float, ahead: bool) -> Waited:
    history = [{"role": turn.role, "content": turn.content} for turn in item.history]
    started = time.monotonic()
    for at, text in schedule(item.question, seconds) if ahead else ():
        _sleep_until(started + at)
        # The page does not wait for the response either.
        body = {"question": text, "documents": None, "history": history}
        threading.Thread(target=page.request, args=("POST", "/prepare", body), daemon=True).start()
    _sleep_until(started + (len(item.question) + 1) * seconds)
    return _asked(page, item, history)


def _asked(page: Page, item: GoldenItem, history: list[dict[str, str]]) -> Waited:
    evidence = first = None
    with page.asking({"question": item.question, "history": history}) as asking:
        for seconds, kind, data in asking.events():
            if kind == "evidence":
                evidence = seconds
            elif kind == "token" and first is None:
                first = seconds
            elif kind == "answer":
                return Waited(item.id, evidence or seconds, first, seconds, data["answered"])
            elif kind == "error":
                raise BenchError(f"{item.id} was not answered: {data.get('detail')}")
    raise BenchError(f"{item.id} was not answered: the server ended the stream.")


def table(waited: Sequence[Waited]) -> str:
    """Return medians and 95th percentiles of what was waited for."""
    columns = {
        "evidence": [one.evidence for one in waited],
        "first word": [one.first for one in waited if one.first is not None],
        "something to read": [one.something for one in waited],
        "whole answer": [one.whole for one in waited],
    }
    lines = [f"{'seconds from Enter':20} {'median':>8} {'95th':>8} {'<= 1.0 s':>10}"]
    for name, values in columns.items():
        if values:
            quick = f"{sum(value <= 1 for value in values)}/{len(values)}"
            lines.append(f"{name:20} {statistics.median(values):8.2f} {percentile_95(values):8.2f} {quick:>10}")
    return "\n".join(lines)


def as_dict(waited: Sequence[Waited]) -> list[dict[str, Any]]:
    """Return every question's seconds as JSON values."""
    return [asdict(one) for one in waited]


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
