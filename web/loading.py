"""Bring the models up behind a server that already answers, and notice when the index has changed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from rag.errors import CrossciteError, DocumentNotFound, IndexError_
from rag.types import Answer, Citation, Document, Event, Evidence, Passage, Question

if TYPE_CHECKING:
    from rag.embedding import Embedder
    from rag.store import DocumentInfo

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5
"""What failed to load is tried again when somebody asks, but not more often than this, unless the index has changed."""

State = Literal["loading", "ready", "failed"]


class IndexLike(Protocol):
    """The documents behind the answers; the methods may be called from any thread."""

    def is_current(self) -> bool: ...
    def documents(self) -> Sequence[DocumentInfo]: ...
    def document(self, id: str) -> Document: ...
    def passages_of(self, document_id: str) -> Sequence[Passage]: ...


class ChatbotLike(Protocol):
    """What the web needs of a chatbot: answers step by step, search alone, and the documents."""

    @property
    def index(self) -> IndexLike: ...

    @property
    def embedder(self) -> Embedder: ...

    @property
    def model(self) -> str: ...

    def answer(self, question: Question, *, cancelled: Callable[[], bool] = ...) -> Iterator[Event]: ...

    def prepare(self, question: Question, *, cancelled: Callable[[], bool] = ...) -> None: ...

    def translate(self, text: str, into: str, *, cancelled: Callable[[], bool] = ...) -> str: ...

    def search(self, query: str, k: int = ..., *, spoken: Sequence[str] = ...) -> tuple[Evidence, ...]: ...


class NotReady(CrossciteError):
    """There is nothing that could answer yet; ``code`` is "loading" or the kind of error that stopped the load."""

    def __init__(self, message: str, code: str, retry_after: int) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


Renew = Callable[[ChatbotLike], ChatbotLike]
"""Makes a chatbot over the present index of one over an older index, without loading the models again."""


class Loader:
    """Loads one chatbot in a background thread, and again when asked after a failure.

    A chatbot whose index is not the present one any more is renewed when somebody asks. What the old one is answering
    it ends, and it stays if the new index cannot be used.
    """

    def __init__(
        self,
        load: Callable[[], ChatbotLike],
        *,
        renew: Renew | None = None,
        retry_seconds: float = RETRY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._renew = renew
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._chatbot: ChatbotLike | None = None
        self._error: Exception | None = None
        self._running = False
        self._again = False
        self._failed_at = 0.0
        self._renewing = threading.Lock()
        self._not_renewed: tuple[float, str] | None = None

    def start(self) -> None:
        """Begin loading, unless that is under way or done."""
        with self._lock:
            if self._running or self._chatbot is not None:
                return
            self._running = True
        # A daemon, because loading models cannot be interrupted and must not hold up the end of the process.
        threading.Thread(target=self._run, name="crosscite-load", daemon=True).start()

    def index_has_changed(self) -> None:
        """Load at once where nothing but the index, as it was, stood in the way.

        From now on the state is "loading" and no longer that failure; a load under way that still meets it is done
        again.
        """
        with self._lock:
            if self._chatbot is not None or not isinstance(self._error, IndexError_ | None):
                return
            self._error = None
            self._again = self._running
        self.start()

    def get(self) -> ChatbotLike:
        """Return the chatbot, over the index as it is now; reads a small file, and opens an index that has changed.

        Raises:
            NotReady: it is still loading, or the load failed; the message says which and what to do.
        """
        with self._lock:
            chatbot = self._chatbot
            error, due = self._error, self._clock() - self._failed_at >= self._retry_seconds
        if chatbot is not None:
            return self._renewed(chatbot)
        if error is None:
            raise NotReady("The models are loading. This takes some seconds.", "loading", 2)
        if due:
            self.start()
        raise NotReady(_explain(error), error_code(error), RETRY_SECONDS)

    @property
    def state(self) -> State:
        with self._lock:
            return "ready" if self._chatbot is not None else "loading" if self._error is None else "failed"

    def _renewed(self, chatbot: ChatbotLike) -> ChatbotLike:
        """Return the chatbot over the present index, or as it is where that cannot be had."""
        # One request opens the new index; those that come meanwhile need not wait for it.
        if self._renew is None or not self._is_due() or not self._renewing.acquire(blocking=False):
            return chatbot
        try:
            self._change_to_present_index(self._renew)
            self._not_renewed = None
        except (CrossciteError, OSError) as error:
            self._keep_the_old(error)
        finally:
            self._renewing.release()
        with self._lock:
            return self._chatbot or chatbot

    def _change_to_present_index(self, renew: Renew) -> None:
        with self._lock:
            chatbot = self._chatbot
        if chatbot is None or chatbot.index.is_current():
            return
        present = renew(chatbot)
        with self._lock:
            self._chatbot = present

    def _is_due(self) -> bool:
        failed = self._not_renewed
        return failed is None or self._clock() - failed[0] >= self._retry_seconds

    def _keep_the_old(self, error: Exception) -> None:
        if self._not_renewed is None or self._not_renewed[1] != str(error):
            logger.warning("Answers still come from the old index; the present one cannot be used: %s", error)
        self._not_renewed = self._clock(), str(error)

    def _run(self) -> None:
        while True:
            chatbot, error = self._loaded()
            with self._lock:
                again, self._again = self._again, False
                if isinstance(error, IndexError_) and again:
                    continue
                self._chatbot, self._error, self._running = chatbot, error, False
                self._failed_at = self._clock()
                return

    def _loaded(self) -> tuple[ChatbotLike | None, Exception | None]:
        """Return the chatbot, or what stands in its way."""
        try:
            return self._load(), None
        except Exception as error:  # the edge of a thread: whatever it is, the page must be able to tell
            if not isinstance(error, CrossciteError):
                logger.exception("Loading failed")
            return None, error


class DocumentsChanged(CrossciteError):
    """A document that an answer was being made of is not there any more, or says something else."""


def answer_from_present(loader: Loader, question: Question, cancelled: Callable[[], bool]) -> Iterator[Event]:
    """Answer from the index as it is when the answer begins, and show nothing of what has left it since.

    Raises:
        DocumentsChanged: words that are about to be shown do not stand in the documents any more.
        NotReady: as ``Loader.get``.
    """
    chatbot = loader.get()
    events = chatbot.answer(question, cancelled=cancelled)
    try:
        for event in events:
            present = chatbot if event.kind == "token" else loader.get()
            if present is not chatbot:
                _require_words(present.index, _sources(event))
            yield event
    finally:
        # An exception on its way holds this frame, and the frame the generator, which holds the model.
        if isinstance(events, Generator):
            events.close()


def prepare_from_present(loader: Loader, question: Question, cancelled: Callable[[], bool]) -> None:
    """Do ahead what an answer from the index as it is will need.

    Raises:
        NotReady: as ``Loader.get``.
    """
    loader.get().prepare(question, cancelled=cancelled)


def _sources(event: Event) -> list[Citation | Evidence]:
    """Return everything whose words an event shows."""
    data = event.data
    if isinstance(data, Answer):
        return [*data.citations, *data.evidence, *(one.source for one in data.disagreements)]
    return [*event.citations, *(data if isinstance(data, tuple) else ())]


def _require_words(index: IndexLike, sources: Sequence[Citation | Evidence]) -> None:
    for source in sources:
        try:
            text = index.document(source.document).text
        except DocumentNotFound:
            text = ""
        if text[source.start : source.end] != source.quote:
            raise DocumentsChanged(
                f"{source.title} was removed or replaced while this answer was being made of it. Ask again."
            )


def error_code(error: Exception) -> str:
    """Return the name of an error for programs: ``IndexMissing`` is "index_missing"."""
    if not isinstance(error, CrossciteError):
        return "internal"
    name = type(error).__name__.rstrip("_")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _explain(error: Exception) -> str:
    if isinstance(error, CrossciteError):
        return str(error)
    return "The models could not be loaded because of an unexpected error; the server's log has it."
