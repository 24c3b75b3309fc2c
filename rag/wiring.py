"""Where the parts are put together: settings in, a working chatbot or embedder out."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from rag import figures, language, number_words
from rag.chatbot import Chatbot
from rag.config import Settings
from rag.embedding import E5, Embedder
from rag.index import Index
from rag.llm import LLM, LlamaCpp
from rag.models import identity, path_of


def load_embedder(settings: Settings) -> Embedder:
    """Load the embedding model.

    Raises:
        ModelMissing: it has not been fetched; the message has the command.
    """
    return E5(path_of(settings.embedder, settings.models_dir), threads=settings.cores)


def load_llm(settings: Settings) -> LLM:
    """Load the language model.

    Raises:
        ModelMissing: it has not been fetched; the message has the command.
    """
    path = path_of(settings.llm, settings.models_dir)
    return LlamaCpp(path, settings.llm, threads=settings.cores, states_dir=settings.models_dir / ".states")


def load_index(settings: Settings) -> Index:
    """Open the index, and see that it was made by this embedder.

    Raises:
        IndexMissing, IndexOutdated, IndexDamaged: each message has the command that mends it.
    """
    return Index.load(settings.index_dir, embedder_sha256=identity(settings.embedder))


def load_chatbot(settings: Settings, index: Index | None = None) -> Chatbot:
    """Load models and, where it is not given, the index, the quick checks first; evaluate the prompt's fixed part.

    Raises:
        IndexMissing, IndexOutdated, IndexDamaged, ModelMissing: each message has the command that mends it.
    """
    for name in (settings.llm, settings.embedder):
        path_of(name, settings.models_dir)
    index = index or load_index(settings)
    with _staying(), ThreadPoolExecutor(max_workers=2) as pool:
        # Importing PyTorch takes as long as reading the language model: one does not wait for the other.
        llm = pool.submit(load_llm, settings)
        pool.submit(load_words, index)
        chatbot = Chatbot(index, load_embedder(settings), llm.result())
    chatbot.warm_up()
    return chatbot


def load_words(index: Index) -> None:
    """Load what is known of words, in the languages of an index, so that its first question need not wait for it."""
    language.load()
    figures.load()
    number_words.load({document.language for document in index.documents()})


@contextmanager
def _staying() -> Iterator[None]:
    """Tell the garbage collector that what comes into being within the block stays as long as the process.

    PyTorch and what belongs to it are 400,000 objects: to look through them again and again took a fifth of the time of
    their import, and to do so once more is a pause of a third of a second in the middle of an answer.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def with_present_index(chatbot: Chatbot, settings: Settings) -> Chatbot:
    """Return a chatbot with the same models over the index as it is now; the one before closes when nobody reads it.

    Raises:
        IndexMissing, IndexOutdated, IndexDamaged: there is no index to change to; the chatbot is as it was.
    """
    present = chatbot.with_index(load_index(settings))
    chatbot.index.close_when_unused()
    return present
