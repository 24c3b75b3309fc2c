"""The language model behind a narrow protocol, and its llama-cpp-python adapter.

The adapter drives llama.cpp's evaluation itself instead of calling ``create_chat_completion``: the prompt is evaluated
in slices with a look at the cancel flag between them, tokens already evaluated are reused from the common prefix,
log-probabilities are read from the context (``logits_all`` would cost a score buffer of hundreds of MB), and the text
of a message is never read as control tokens: ``<|im_start|>system`` in a document is nothing but these characters.
"""

from __future__ import annotations

import codecs
import ctypes
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from rag.errors import Cancelled, ModelError
from rag.states import State, States, common

if TYPE_CHECKING:
    from llama_cpp import Llama
    from numpy.typing import NDArray

CONTEXT_TOKENS = 4096
"""Room for prompt and answer; 4,096 tokens of the 1.5B model's state are 115 MB."""

_STATES_KEPT = 4
"""States of fixed prompts on disk, newest first; one of 620 tokens has 18 MB."""

_KEPT_BYTES = 256_000_000
"""Memory for states that would be lost: about ten questions with their evidence, at 28 kB a token."""

_WORTH_KEEPING, _WORTH_RESTORING = 128, 16
"""Tokens from which a state is worth copying it out, and back: 940 tokens (27 MB) take 2 to 8 ms each way, 16 tokens
110 ms to evaluate. Evidence with its question is kept, but no confirmation."""

_SLICE_TOKENS = 64
"""Prompt tokens between two looks at the cancel flag: 0.4 s at 146 tokens a second, as quick as slices of 512."""


@dataclass(frozen=True)
class Message:
    """One turn of the prompt. ``content`` is plain text: control tokens in it have no effect."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Prompt:
    """Messages, and the beginning of the assistant's reply if it is given."""

    messages: tuple[Message, ...]
    reply: str = ""


@dataclass(frozen=True)
class Usage:
    """Tokens of the last call: evaluated from the prompt, reused from what stood there, and written."""

    evaluated: int
    reused: int
    written: int


def never() -> bool:
    """Be the cancel flag of a caller who stays."""
    return False


class LLM(Protocol):
    """What the answering code needs of a language model."""

    name: str

    @property
    def usage(self) -> Usage:
        """The tokens of the last call."""

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a plain text."""

    def generate(
        self, prompt: Prompt, *, max_tokens: int, stop: Sequence[str] = (), cancelled: Callable[[], bool] = never
    ) -> Iterator[str]:
        """Yield the continuation of a prompt piece by piece, the likeliest token each time.

        Raises:
            Cancelled: ``cancelled`` returned true, checked between slices of the prompt and between tokens.
        """

    def choose(self, prompt: Prompt, options: Sequence[str], *, cancelled: Callable[[], bool] = never) -> list[float]:
        """Return the log-probability of each option's first token as the continuation of a prompt."""

    def warm(self, messages: Sequence[Message]) -> None:
        """Evaluate the messages that coming prompts begin with, so that they need not."""

    def forget(self) -> None:
        """Keep nothing of what was evaluated, as if just started."""


class LlamaCpp:
    """A GGUF model in this process. Not thread-safe: one worker owns it."""

    def __init__(
        self,
        path: Path,
        name: str,
        *,
        threads: int,
        context_tokens: int = CONTEXT_TOKENS,
        states_dir: Path | None = None,
    ) -> None:
        """Load the model at ``path``; ``states_dir`` keeps what ``warm`` evaluated for the next start.

        Raises:
            ModelError: the file is no model that llama.cpp can load, or one that does not speak ChatML.
        """
        self._llama = loaded(path, threads=threads, context_tokens=context_tokens, batch=_SLICE_TOKENS)
        self._marks = user_defined_marks(self._llama)
        self._turn_start = self._control("<|im_start|>", path)
        self._turn_end = self._control("<|im_end|>", path)
        self._path = path
        self._states_dir = states_dir
        self._states = States(_KEPT_BYTES)
        self.name = name
        self.usage = Usage(0, 0, 0)

    def count_tokens(self, text: str) -> int:
        return len(self._plain(text))

    def warm(self, messages: Sequence[Message]) -> None:
        tokens = self._message_tokens(messages)
        state = self._state_file(tokens)
        if not state or not self._restore(state, tokens):
            self._evaluate(tokens, never)
            if state:
                self._save(state, tokens)

    def forget(self) -> None:
        self._states.clear()
        self._llama.reset()

    def choose(self, prompt: Prompt, options: Sequence[str], *, cancelled: Callable[[], bool] = never) -> list[float]:
        self._read(prompt, room=1, cancelled=cancelled)
        logits = self._logits()
        log_probabilities = logits - _log_sum_exp(logits)
        firsts = [self._plain(option)[0] for option in options]
        return [float(log_probabilities[token]) for token in firsts]

    def generate(
        self, prompt: Prompt, *, max_tokens: int, stop: Sequence[str] = (), cancelled: Callable[[], bool] = never
    ) -> Iterator[str]:
        evaluated, reused = self._read(prompt, room=max_tokens, cancelled=cancelled)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        written, pending = 0, ""
        while written < max_tokens:
            token = int(np.argmax(self._logits()))
            if self._ends(token):
                break
            written += 1
            self.usage = Usage(evaluated, reused, written)
            pending += decoder.decode(self._llama.detokenize([token], special=False))
            at = _first_of(stop, pending)
            if at is not None:
                yield pending[:at]
                return
            keep = _possible_stop(stop, pending)
            if len(pending) > keep:
                yield pending[: len(pending) - keep]
                pending = pending[len(pending) - keep :]
            if cancelled():
                raise Cancelled("The question was withdrawn.")
            self._llama.eval([token])
        if pending:
            yield pending

    def _read(self, prompt: Prompt, *, room: int, cancelled: Callable[[], bool]) -> tuple[int, int]:
        tokens = self._tokens(prompt)
        if len(tokens) + room > self._llama.n_ctx():
            raise ModelError(
                f"The prompt has {len(tokens)} tokens; with {room} for the answer the model's context of "
                f"{self._llama.n_ctx()} is too small."
            )
        return self._evaluate(tokens, cancelled)

    def _tokens(self, prompt: Prompt) -> list[int]:
        opening = [self._turn_start, *self._plain("assistant\n" + prompt.reply)]
        return self._message_tokens(prompt.messages) + opening

    def _message_tokens(self, messages: Sequence[Message]) -> list[int]:
        tokens: list[int] = []
        for message in messages:
            tokens.append(self._turn_start)
            tokens.extend(self._plain(f"{message.role}\n{message.content}"))
            tokens.append(self._turn_end)
            tokens.extend(self._plain("\n"))
        return tokens

    def _plain(self, text: str) -> list[int]:
        return plain_tokens(self._llama, text, self._marks)

    def _control(self, mark: str, path: Path) -> int:
        tokens = self._llama.tokenize(mark.encode(), add_bos=False, special=True)
        if len(tokens) != 1:
            raise ModelError(f"{path} does not speak ChatML (no token {mark}); choose a model that does.")
        return int(tokens[0])

    def _evaluate(self, tokens: list[int], cancelled: Callable[[], bool]) -> tuple[int, int]:
        """Bring the context to exactly ``tokens``, evaluating only what follows the common prefix."""
        llama = self._llama
        # The last token is always evaluated: its logits are wanted.
        reused = min(self._reuse(np.array(tokens, dtype=np.intc)), len(tokens) - 1)
        llama.n_tokens = reused
        for start in range(reused, len(tokens), _SLICE_TOKENS):
            if cancelled():
                raise Cancelled("The question was withdrawn.")
            llama.eval(tokens[start : start + _SLICE_TOKENS])
        self.usage = Usage(len(tokens) - reused, reused, 0)
        return len(tokens) - reused, reused

    def _present(self) -> NDArray[np.intc]:
        present: NDArray[np.intc] = self._llama.input_ids[: self._llama.n_tokens]
        return present

    def _reuse(self, tokens: NDArray[np.intc]) -> int:
        """Bring back a kept state if that saves more than it costs, and return how many tokens are evaluated.

        What the context holds beyond that will be lost, and is kept before where it took long to evaluate.
        """
        here = common(self._present(), tokens)
        state, there = self._states.most_alike(tokens)
        lost = len(self._present()) - here
        if there - here < _WORTH_RESTORING:
            state = None
        if state is not None:
            self._states.used(state)  # first, so that it does not have to make room
        if lost >= _WORTH_KEEPING and not self._states.has(self._present()):
            self._states.keep(self._copied_out())
        if state is None:
            return here
        return there if self._copied_back(state) else 0

    def _copied_out(self) -> State:
        import llama_cpp

        size = llama_cpp.llama_state_seq_get_size(self._llama.ctx, 0)
        data = np.empty(size, dtype=np.uint8)
        llama_cpp.llama_state_seq_get_data(self._llama.ctx, _pointer(data), size, 0)
        return State(self._present().copy(), data)

    def _copied_back(self, state: State) -> bool:
        import llama_cpp

        if not llama_cpp.llama_state_seq_set_data(self._llama.ctx, _pointer(state.data), state.data.nbytes, 0):
            return False
        self._llama.input_ids[: len(state.tokens)] = state.tokens
        self._llama.n_tokens = len(state.tokens)
        return True

    def _state_file(self, tokens: Sequence[int]) -> Path | None:
        """Return where the state of these tokens is kept: the name changes with model, library and tokens."""
        if self._states_dir is None:
            return None
        import llama_cpp

        status = self._path.stat()
        what = (llama_cpp.__version__, self._path.name, status.st_size, status.st_mtime_ns, list(tokens))
        return self._states_dir / f"{hashlib.sha256(repr(what).encode()).hexdigest()[:16]}.state"

    def _restore(self, state: Path, tokens: Sequence[int]) -> bool:
        import llama_cpp

        if not state.is_file():
            return False
        self._llama.reset()
        found = (llama_cpp.llama_token * self._llama.n_ctx())()
        count = ctypes.c_size_t(0)
        size = llama_cpp.llama_state_seq_load_file(
            self._llama.ctx, str(state).encode(), 0, found, len(found), ctypes.byref(count)
        )
        if not size or list(found[: count.value]) != list(tokens):
            return False
        self._llama.input_ids[: count.value] = found[: count.value]
        self._llama.n_tokens = count.value
        return True

    def _save(self, state: Path, tokens: Sequence[int]) -> None:
        """Keep the state for the next start, in place of older ones; a full or read-only disk only costs the time."""
        import llama_cpp

        temporary = state.with_suffix(f".{os.getpid()}")
        try:
            state.parent.mkdir(parents=True, exist_ok=True)
            values = (llama_cpp.llama_token * len(tokens))(*tokens)
            if llama_cpp.llama_state_seq_save_file(self._llama.ctx, str(temporary).encode(), 0, values, len(tokens)):
                os.replace(temporary, state)
            for old in sorted(state.parent.glob("*.state"), key=lambda path: path.stat().st_mtime)[:-_STATES_KEPT]:
                old.unlink(missing_ok=True)
        except OSError:
            temporary.unlink(missing_ok=True)

    def _logits(self) -> NDArray[np.float32]:
        import llama_cpp

        pointer = llama_cpp.llama_get_logits_ith(self._llama.ctx, -1)
        return np.ctypeslib.as_array(pointer, shape=(self._llama.n_vocab(),))

    def _ends(self, token: int) -> bool:
        import llama_cpp

        vocabulary = llama_cpp.llama_model_get_vocab(self._llama.model)
        return bool(llama_cpp.llama_vocab_is_eog(vocabulary, token))


def loaded(path: Path, *, threads: int, context_tokens: int, batch: int) -> Llama:
    """Load a model for this processor; it evaluates ``batch`` tokens at once.

    Raises:
        ModelError: the file is no model that llama.cpp can load.
    """
    from llama_cpp import Llama

    try:
        # Without mmap the weights are held once, repacked for the CPU: 1.25 GB resident instead of 1.9.
        return Llama(
            str(path),
            n_ctx=context_tokens,
            n_batch=batch,
            n_ubatch=batch,
            n_threads=threads,
            n_threads_batch=threads,
            use_mmap=False,
            verbose=False,
        )
    except ValueError as error:
        raise ModelError(f"{path} is not a model that llama.cpp can load: {error}") from error


def _pointer(data: NDArray[np.uint8]) -> Any:
    return data.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))


def plain_tokens(llama: Llama, text: str, marks: re.Pattern[str]) -> list[int]:
    """Return the tokens of a text in which nothing is a control token.

    llama.cpp itself reads no control tokens with ``special=False``, but it still reads the "user-defined" ones, which
    Qwen has for tool calls: a text is cut inside such a mark, so that it comes as its characters too.
    """
    cuts = [match.start() + 1 for match in marks.finditer(text)]
    parts = (text[start:end] for start, end in pairwise([0, *cuts, len(text)]))
    return [token for part in parts for token in llama.tokenize(part.encode(), add_bos=False, special=False)]


def user_defined_marks(llama: Llama) -> re.Pattern[str]:
    """Return what finds the marks that llama.cpp reads as one token wherever they stand."""
    import llama_cpp

    vocabulary = llama_cpp.llama_model_get_vocab(llama.model)
    marks = [
        llama_cpp.llama_vocab_get_text(vocabulary, token).decode()
        for token in range(llama.n_vocab())
        if llama_cpp.llama_vocab_get_attr(vocabulary, token) & llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED
    ]
    # Without any mark: what matches nowhere.
    return re.compile("|".join(map(re.escape, marks)) or r"(?!)")


def _log_sum_exp(values: NDArray[np.float32]) -> float:
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).sum()))


def _first_of(stop: Sequence[str], text: str) -> int | None:
    places = [place for mark in stop if (place := text.find(mark)) >= 0]
    return min(places) if places else None


def _possible_stop(stop: Sequence[str], text: str) -> int:
    """Return how many last characters could be the beginning of a stop mark and must wait."""
    return max(
        (size for mark in stop for size in range(1, len(mark)) if text.endswith(mark[:size])),
        default=0,
    )
