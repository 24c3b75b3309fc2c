"""Many clients at once for a long time: some ask and stay, some leave, some send what no client should.

What must hold: the server lives and says nothing on its log, every question that is not left is answered, each answer
is that of its question, whatever is wrong is refused with the right status, and memory stays level.
"""

from __future__ import annotations

import random
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tqdm import tqdm

from rag.bench.serving import Asking, Page, Server
from rag.evaluation.statistics import percentile_95

LONGEST_STAY = 5.0
"""Seconds after which the last of those who leave has left."""

SLOW_SECONDS = 5.0
"""How long a slow client reads nothing of what it asked for."""

LEVEL, SOME_BYTES = 1.1, 50_000_000
"""How much more memory the last quarter of the requests may find than the second, and what may come and go anyway."""

SAMPLED = 10
"""Memory is looked at once in so many requests."""

SETTLING = 2.0
"""Seconds after the last request in which what its client left behind ends: cancelling takes up to 0.7."""

OVERTIME = 180
"""Seconds after the end within which every client must be done."""


@dataclass
class Outcome:
    """What has happened: requests by kind, every broken promise in words, seconds of answers, bytes of memory."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    quick: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Bad:
    """A request that must be refused with one of some statuses."""

    name: str
    method: str
    path: str
    body: Any
    headers: dict[str, str]
    statuses: tuple[int, ...]


_LONG = "a" * 2_001
BAD = (
    Bad("no JSON", "POST", "/ask", b"{", {}, (422,)),
    Bad("not UTF-8", "POST", "/ask", b'{"question": "\xff"}', {}, (400, 422)),
    Bad("no object", "POST", "/ask", b"[]", {}, (422,)),
    Bad("deep", "POST", "/ask", b"[" * 100_000, {}, (400, 422)),
    Bad("blank", "POST", "/ask", {"question": " \n"}, {}, (422,)),
    Bad("too long", "POST", "/ask", {"question": _LONG}, {}, (422,)),
    Bad("unknown field", "POST", "/ask", {"question": "Who?", "temperature": 1}, {}, (422,)),
    Bad("unknown language", "POST", "/ask", {"question": "Who?", "language": "qq-nowhere"}, {}, (422,)),
    Bad("unknown document", "POST", "/ask", {"question": "Who?", "documents": ["no/such.txt"]}, {}, (422,)),
    Bad("form", "POST", "/ask", b"question=Who", {"Content-Type": "application/x-www-form-urlencoded"}, (415,)),
    Bad("foreign page", "POST", "/ask", {"question": "Who?"}, {"Origin": "https://elsewhere.example"}, (403,)),
    Bad("foreign name", "GET", "/", None, {"Host": "elsewhere.example"}, (421,)),
    Bad("large", "POST", "/ask", b" " * 1_000_001, {}, (413,)),
    Bad("method", "PUT", "/ask", {"question": "Who?"}, {}, (405,)),
    Bad("nothing there", "GET", "/nothing/here", None, {}, (404,)),
    Bad("no document", "GET", "/documents/no/such.txt", None, {}, (404,)),
    Bad("above the root", "GET", "/static/../../pyproject.toml", None, {}, (404,)),
    Bad("no query", "GET", "/search", None, {}, (422,)),
    Bad("too many", "GET", "/search?q=Who&k=1000000", None, {}, (422,)),
    Bad("no prepare", "POST", "/prepare", {"question": ""}, {}, (404, 422)),
)
GARBAGE = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET\r\n\r\n",
    b"POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
)
"""What is no request at all, or half of one; the connection is closed behind it."""

GARBAGE_NOTED = "Invalid HTTP request received"
"""What uvicorn says about it, rightly."""


def soak(
    server: Server,
    questions: Sequence[str],
    *,
    requests: int = 1000,
    clients: int = 8,
    minutes: float = 20,
    seed: int = 1,
    progress: bool = True,
) -> Outcome:
    """Send so many requests from several clients at once; end after some minutes in any case.

    Each question is made one of its own by a number, so that no two are alike.
    """
    outcome = Outcome()
    started = time.monotonic()
    with tqdm(total=requests, desc="Soaking", unit="request", disable=None if progress else True) as bar:
        run = _Run(server, questions, iter(range(requests)), started + 60 * minutes, outcome, bar.update)
        threads = [
            threading.Thread(target=run.client, args=[random.Random(f"{seed} {index}")], daemon=True)
            for index in range(clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, run.deadline + OVERTIME - time.monotonic()))
            if thread.is_alive():
                outcome.broken.append("a client is still waiting long after the end")
    outcome.seconds = time.monotonic() - started
    run.look_back()
    return outcome


class _Run:
    def __init__(
        self,
        server: Server,
        questions: Sequence[str],
        numbers: Iterator[int],
        deadline: float,
        outcome: Outcome,
        update: Callable[[], object],
    ) -> None:
        self.deadline = deadline
        self._server = server
        self._questions = questions
        self._numbers = numbers
        self._outcome = outcome
        self._update = update
        self._lock = threading.Lock()
        self._documents = [row["id"] for row in Page(server.url).request("GET", "/documents").json()["documents"]]
        self._kinds: dict[str, tuple[int, Callable[[Page, str, random.Random], None]]] = {
            "left": (33, self._leave),
            "answered": (22, self._stay),
            "read slowly": (3, self._read_slowly),
            "refused": (20, self._send_something_bad),
            "garbage": (3, self._send_garbage),
            "searched": (7, self._search),
            "looked at": (6, self._look),
            "typed": (6, self._type),
        }

    def client(self, chance: random.Random) -> None:
        page = Page(self._server.url)
        weights = [weight for weight, _ in self._kinds.values()]
        while (number := self._next()) is not None:
            (kind,) = chance.choices(list(self._kinds), weights)
            question = f"{chance.choice(self._questions)} ({number})"
            try:
                self._kinds[kind][1](page, question, chance)
            except (OSError, HTTPException, ValueError, KeyError) as error:
                self._broken(f"request {number} ({kind}): {type(error).__name__}: {error}")
            with self._lock:
                self._outcome.counts[kind] += 1
                self._update()
            if number % SAMPLED == 0:
                self._outcome.memory.append(self._server.resident_bytes())

    def look_back(self) -> None:
        """See that the server is as it was: it lives, nobody waits any more, and it answers."""
        outcome = self._outcome
        if next(self._numbers, None) is not None:
            self._broken("there was no time for all requests")
        time.sleep(SETTLING)
        try:
            with Page(self._server.url).asking({"question": self._questions[0], "fresh": True}) as asking:
                first = next(asking.events())
                if first[1:] != ("comment", "ahead=0"):
                    self._broken(f"after the end somebody is still waiting: {first}")
                self._expect_answer(asking, self._questions[0])
        except (OSError, HTTPException, ValueError, KeyError) as error:
            self._broken(f"after the end the server does not answer: {type(error).__name__}: {error}")
        if self._server.process.poll() is not None:
            self._broken(f"the server has ended with {self._server.process.returncode}")
        complaints = [line for line in self._server.complaints().splitlines() if GARBAGE_NOTED not in line]
        if complaints:
            self._broken("the server complained: " + "\n".join(complaints))
        quarter = len(outcome.memory) // 4
        if quarter:
            second, last = (
                statistics.median(part) for part in (outcome.memory[quarter : 2 * quarter], outcome.memory[-quarter:])
            )
            if last > LEVEL * second + SOME_BYTES:
                self._broken(f"memory has grown from {second / 1e6:,.0f} to {last / 1e6:,.0f} MB")

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None) if time.monotonic() < self.deadline else None

    def _broken(self, promise: str) -> None:
        with self._lock:
            self._outcome.broken.append(promise)

    # What clients do

    def _stay(self, page: Page, question: str, chance: random.Random) -> None:
        if chance.random() < 0.3:
            self._ask_for_an_object(page, question)
        else:
            self._ask_for_a_stream(page, question, 0)

    def _read_slowly(self, page: Page, question: str, _: random.Random) -> None:
        self._ask_for_a_stream(page, question, SLOW_SECONDS)

    def _leave(self, page: Page, question: str, chance: random.Random) -> None:
        body = {"question": question, "stream": chance.random() < 0.7}
        page.leave("/ask", body, after=chance.uniform(0, LONGEST_STAY))

    def _send_something_bad(self, page: Page, _: str, chance: random.Random) -> None:
        bad = chance.choice(BAD)
        reply = page.request(bad.method, bad.path, bad.body, bad.headers)
        self._expect(reply.status in bad.statuses, f"{bad.name}: {reply.status} instead of {bad.statuses}")

    def _send_garbage(self, _: Page, __: str, chance: random.Random) -> None:
        host = urlsplit(self._server.url)
        address = (str(host.hostname), int(host.port or 80))
        # The server may hang up before it has read all of it.
        with socket.create_connection(address, timeout=5) as connection, suppress(OSError):
            connection.sendall(chance.choice(GARBAGE))
            connection.settimeout(chance.uniform(0.01, 1))
            connection.recv(1000)

    def _search(self, page: Page, question: str, _: random.Random) -> None:
        reply = self._quick(page, f"/search?{urlencode({'q': question, 'k': 5})}").json()
        self._expect(reply["query"] == question and len(reply["evidence"]) > 0, f"search for {question}: {reply}")

    def _look(self, page: Page, _: str, chance: random.Random) -> None:
        document = quote(chance.choice(self._documents))
        self._quick(page, chance.choice(["/", "/library", f"/documents/{document}", f"/documents/{document}/view"]))

    def _type(self, page: Page, question: str, chance: random.Random) -> None:
        half = question[: chance.randrange(1, len(question))]
        self._expect(page.request("POST", "/prepare", {"question": half}).status in (202, 404), "typing was refused")

    def _quick(self, page: Page, path: str) -> Any:
        asked = time.monotonic()
        reply = page.request("GET", path)
        self._outcome.quick.append(time.monotonic() - asked)
        self._expect(reply.status == 200, f"{path}: {reply.status}")
        return reply

    # What must come back

    def _ask_for_an_object(self, page: Page, question: str) -> None:
        asked = time.monotonic()
        while (reply := page.request("POST", "/ask", {"question": question})).status == 429:
            time.sleep(min(2, int(reply.headers["retry-after"])))
        self._expect(reply.status == 200, f"{question}: {reply.status}")
        self._outcome.answers.append(time.monotonic() - asked)
        self._expect(reply.json()["question"] == question, f"{question} has the answer to {reply.json()['question']}")

    def _ask_for_a_stream(self, page: Page, question: str, wait: float) -> None:
        while True:
            with page.asking({"question": question}) as asking:
                if asking.status != 429:
                    self._expect(asking.status == 200, f"{question}: {asking.status}")
                    time.sleep(wait)
                    self._expect_answer(asking, question)
                    return
            time.sleep(min(2, asking.retry_after))

    def _expect_answer(self, asking: Asking, question: str) -> None:
        events = [event for event in asking.events() if event[1] != "comment"]
        kinds = [kind for _, kind, _ in events]
        if not kinds or kinds[-1] != "answer" or kinds[0] != "evidence":
            self._broken(f"{question}: no answer, only {kinds} {events[-1:]}")
            return
        seconds, _, answer = events[-1]
        self._outcome.answers.append(seconds)
        self._expect(answer["question"] == question, f"{question} has the answer to {answer['question']}")
        self._expect(answer["evidence"] == events[0][2], f"{question} has evidence of another question")

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self._broken(otherwise)


def table(outcome: Outcome) -> str:
    """Return what was done, how long it took, and what was broken."""
    lines = [f"{count:6}  {kind}" for kind, count in outcome.counts.most_common()]
    lines.append(f"\n{outcome.counts.total()} requests in {outcome.seconds:.0f} s")
    for name, values in (("answer", outcome.answers), ("page or search", outcome.quick)):
        if values:
            lines.append(f"{name}: median {statistics.median(values):.2f} s, 95th {percentile_95(values):.2f} s")
    if outcome.memory:
        quarter = max(1, len(outcome.memory) // 4)
        shown = (statistics.median(outcome.memory[at : at + quarter]) / 1e6 for at in range(0, 4 * quarter, quarter))
        lines.append(f"memory by quarters: {', '.join(f'{size:,.0f}' for size in shown)} MB")
    lines += ["", *(outcome.broken or ["Every promise was kept."])]
    return "\n".join(lines)
