"""One generation at a time, each client in its turn, and none for somebody who has gone away.

A language model is not thread-safe and an ordinary machine has no cores for two of them, so one thread owns all
generation and a bounded line stands before it. Requests live in the server's event loop; events cross over to it one
by one, and the wish to stop crosses back in a ``threading.Event`` that the chatbot reads between slices of its work.
The thread never waits for a client: what a slow one has not read yet is kept with its job, an answer at most.

While nobody waits, the thread prepares for questions that are still being typed, and drops that for any other work.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import statistics
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator

from rag.errors import Cancelled, CrossciteError, QueueFull
from rag.types import Event, Question
from web.waiting import NoPlace, WaitingLine

logger = logging.getLogger(__name__)

DEFAULT_SECONDS = 15
"""What a generation is taken to last before any was measured: a short answer of a 1.5B model on two cores."""

REMEMBERED = 20
"""Durations of this many last generations make the median that ``Retry-After`` promises."""

PREPARED_CLIENTS = 8
"""Clients of which the newest question in the making is kept until there is time for it."""

Generate = Callable[[Question, Callable[[], bool]], Iterator[Event]]
"""Makes the events of an answer, in the thread that calls; raises `Cancelled` soon after the callable turned true."""

Prepare = Callable[[Question, Callable[[], bool]], None]
"""Does ahead what an answer will need; raises `Cancelled` soon after the callable turned true."""


class Stopping(CrossciteError):
    """The server is going down."""


class Job:
    """One question on its way: wait for its events, or cancel it."""

    def __init__(self, question: Question, generate: Generate, loop: asyncio.AbstractEventLoop, client: str) -> None:
        self.question = question
        self.client = client
        self._generate = generate
        self._loop = loop
        self._events: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Ask the generation to stop; safe in any thread."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    async def next_event(self, timeout: float | None = None) -> Event | None:
        """Return the next event, or None after the last one.

        Raises:
            TimeoutError: nothing happened for ``timeout`` seconds; ask again.
            Exception: whatever broke the generation off.
        """
        try:
            item = await asyncio.wait_for(self._events.get(), timeout)
        except asyncio.TimeoutError as error:  # an alias of TimeoutError only since Python 3.11
            raise TimeoutError from error
        if isinstance(item, Exception):
            raise item
        return item

    def run(self) -> bool:
        """Generate in the calling thread, handing each event to the loop; tell whether it came to its own end."""
        try:
            self._generate_events()
        except Cancelled as error:
            self._send(error)
            return False
        except Exception as error:  # the edge of a thread: the request's own error handling takes it from here
            self._send(error)
            return False
        else:
            self._send(None)
            return True

    def _generate_events(self) -> None:
        self._stop_if_cancelled()
        events = self._generate(self.question, self._cancelled.is_set)
        try:
            for event in events:
                self._stop_if_cancelled()
                self._send(event)
        finally:
            # The model is free for the next question only when a generator broken off here has truly ended.
            close = getattr(events, "close", None)
            if close is not None:
                close()

    def _stop_if_cancelled(self) -> None:
        if self.cancelled:
            raise Cancelled("The question was withdrawn.")

    def abandon(self, reason: Exception) -> None:
        """Tell whoever listens that nothing more will come, without waiting for a generation to notice."""
        self._cancelled.set()
        self._send(reason)

    def _send(self, item: Event | Exception | None) -> None:
        # A loop that is closed belongs to a server that is gone, and nobody is listening.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._events.put_nowait, item)


class _Preparation:
    """A question that is still being typed, and nobody else's business: its words are written nowhere."""

    def __init__(self, question: Question, prepare: Prepare) -> None:
        self._question = question
        self._prepare = prepare
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        self._cancelled.set()

    def run(self) -> None:
        try:
            self._prepare(self._question, self._cancelled.is_set)
        except CrossciteError:
            pass  # whoever asks will be told
        except Exception as error:  # the edge of a thread; its message may quote what was typed
            logger.error("Preparing for a question failed with %s", type(error).__name__)


class Worker:
    """The thread that generates, and the line before it, in which ``queue_size`` questions may wait."""

    def __init__(self, queue_size: int) -> None:
        self._line: WaitingLine[Job] = WaitingLine(queue_size)
        self._to_prepare: OrderedDict[str, _Preparation] = OrderedDict()
        self._preparing: tuple[str, _Preparation] | None = None
        self._changed = threading.Condition()
        self._stopping = False
        self._aside = 0
        self._aside_running = False
        self._aside_is_due = False
        self._durations: deque[float] = deque(maxlen=REMEMBERED)
        self._thread = threading.Thread(target=self._run, name="crosscite-generate", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, question: Question, generate: Generate, client: str = "") -> Job:
        """Queue a question of a client for the running event loop.

        Raises:
            QueueFull: as many as may wait are waiting; its ``retry_after`` is the median duration measured.
            Stopping: the server is going down.
        """
        job = Job(question, generate, asyncio.get_running_loop(), client)
        with self._changed:
            if self._stopping:
                raise Stopping("The server is stopping.")
            try:
                self._line.add(job)
            except NoPlace as error:
                raise QueueFull(f"{error} Ask again in a moment.", self.retry_after()) from error
            self._to_prepare.pop(client, None)
            self._stop_preparing()
            self._changed.notify_all()
        return job

    def withdraw(self, job: Job) -> None:
        """Stop a job whose asker has gone: it leaves the queue, or its generation ends at the next chance."""
        job.cancel()
        with self._changed:
            if self._line.remove(job):
                self._changed.notify_all()
                job.abandon(Cancelled("The question was withdrawn."))

    def ahead_of(self, job: Job) -> int:
        """Return how many questions are answered before this one: 0 when it is being answered or done."""
        with self._changed:
            return self._line.ahead_of(job)

    def prepare(self, question: Question, prepare: Prepare, client: str = "") -> None:
        """Prepare for a question that a client is typing, in place of the one before it, once nothing else is to do."""
        with self._changed:
            self._to_prepare.pop(client, None)
            self._to_prepare[client] = _Preparation(question, prepare)
            while len(self._to_prepare) > PREPARED_CLIENTS:
                self._to_prepare.popitem(last=False)
            if self._preparing and self._preparing[0] == client:
                self._stop_preparing()
            self._changed.notify_all()

    def retry_after(self) -> int:
        """Return the whole seconds after which the queue has probably moved on by one."""
        median = statistics.median(self._durations) if self._durations else DEFAULT_SECONDS
        return max(1, math.ceil(median))

    @property
    def waiting(self) -> int:
        """How many questions wait behind the one that is being answered."""
        return len(self._line)

    @property
    def is_answering(self) -> bool:
        """Whether a question is being answered."""
        return self._line.current is not None

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Wait until no question is there, and hold off the next one for the block, which should take a second at most.

        For work that needs the cores as answers do, such as embedding: two at once take three times as long. Whoever
        waits gets one turn after every answer, so that questions in a row cannot hold it up for ever.

        Raises:
            Stopping: the server is going down.
        """
        with self._changed:
            self._aside += 1
            self._stop_preparing()
            try:
                self._changed.wait_for(lambda: self._stopping or self._is_free_for_asides())
            finally:
                self._aside -= 1
            if self._stopping:
                raise Stopping("The server is stopping.")
            self._aside_running, self._aside_is_due = True, False
        try:
            yield
        finally:
            with self._changed:
                self._aside_running = False
                self._changed.notify_all()

    def stop(self, timeout: float = 5.0) -> None:
        """End the running generation and refuse the waiting ones; wait at most ``timeout`` seconds for the thread."""
        self.interrupt()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def interrupt(self) -> None:
        """The part of `stop` that does not wait; safe to call more than once, and in the event loop."""
        reason = Stopping("The server is stopping.")
        with self._changed:
            self._stopping = True
            jobs = [*self._line.clear(), *([self._line.current] if self._line.current else [])]
            self._to_prepare.clear()
            self._stop_preparing()
            self._changed.notify_all()
        for job in jobs:
            job.abandon(reason)

    def _stop_preparing(self) -> None:
        if self._preparing:
            self._preparing[1].cancel()

    def _run(self) -> None:
        while (work := self._take()) is not None:
            if isinstance(work, Job):
                self._answer(work)
            else:
                work.run()
                with self._changed:
                    self._preparing = None
                    self._changed.notify_all()
            del work  # nothing that was typed stays while this waits for the next one

    def _answer(self, job: Job) -> None:
        started = time.monotonic()
        completed = job.run()
        with self._changed:
            self._line.done()
            self._aside_is_due = self._aside > 0
            self._changed.notify_all()
            # A generation broken off early says nothing about how long one lasts.
            if completed:
                self._durations.append(time.monotonic() - started)

    def _take(self) -> Job | _Preparation | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopping or self._is_free_for_answers() or self._is_free_for_preparing()
            )
            if self._stopping:
                return None
            if self._is_free_for_answers():
                return self._line.take()
            self._preparing = self._to_prepare.popitem(last=False)
            return self._preparing[1]

    def _is_free_for_answers(self) -> bool:
        return bool(self._line) and not self._aside_running and not self._aside_is_due

    def _is_free_for_asides(self) -> bool:
        free = self._line.current is None and self._preparing is None and not self._aside_running
        return free and (not self._line or self._aside_is_due)

    def _is_free_for_preparing(self) -> bool:
        return bool(self._to_prepare) and not self._line and not self._aside and not self._aside_running
