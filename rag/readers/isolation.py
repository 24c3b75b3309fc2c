"""Read files where reading can be killed: one child process, used again for file after file.

Whatever a file does to its parser (a bomb, an endless loop, a crash in C code) happens in the child, within bounds of
time and memory; what comes back is JSON, so nothing of the child is run or trusted here. A child that was killed or
died is replaced with the next file.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import CrossciteError, DocumentError
from rag.readers.formats import format_of
from rag.types import Document, Span


@dataclass(frozen=True)
class Limits:
    """What reading one file may take: ``seconds`` of a processor, one more for each MB above ten, and ``memory`` bytes.

    The memory is all that the child can map, its libraries included (Linux; elsewhere as the system has it).
    """

    seconds: float = 30.0
    memory: int = 1024 * 1024 * 1024

    def seconds_for(self, path: Path) -> float:
        """The time for a file: large honest ones need more."""
        try:
            megabytes = path.stat().st_size / 2**20
        except OSError:
            return self.seconds
        return self.seconds + max(0.0, megabytes - 10)


#: On a busy machine a second of processor time takes longer: so many times the limit is waited by the clock.
PATIENCE = 10

# The child finds the same modules as its parent, and none in the working directory, which may hold anybody's files.
_CHILD = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from rag.readers.child import main; main()"


class Reader:
    """Reads one file at a time in a child process that starts with the first; safe to share between threads."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, path: Path, *, id: str) -> Document:
        """Read a file to a document, by the reader for its suffix.

        Raises:
            UnsupportedFormat: no reader for this suffix.
            DocumentError: the file is missing, empty, damaged, encrypted, or takes too much time or memory.
            CrossciteError: the reading process cannot be started.
        """
        format_of(path, id)
        seconds = self.limits.seconds_for(path)
        request = {"path": os.fsdecode(path.resolve()), "id": id, "seconds": seconds}
        with self._lock:
            reply = self._exchange(request, id, seconds)
        if "reason" in reply:
            raise DocumentError(id, reply["reason"], reply["why"])
        return _document(reply["document"])

    def close(self) -> None:
        """End the child; the next file starts another one."""
        with self._lock:
            self._end()

    def _exchange(self, request: dict[str, Any], id: str, seconds: float) -> dict[str, Any]:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def kill() -> None:
            late.set()
            process.kill()

        # The child's own limit of processor time comes first where the system has one.
        timer = threading.Timer(seconds * PATIENCE if hasattr(signal, "SIGXCPU") else seconds, kill)
        timer.start()
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = b""
        except BaseException:
            # Ctrl-C: an answer that comes later must not be taken for the one to the next question.
            self._end()
            raise
        finally:
            timer.cancel()
        if not line.endswith(b"\n"):
            code = self._end()
            if late.is_set() or _used_up(code):
                raise DocumentError(id, _too_slow(seconds), "slow")
            raise DocumentError(id, _crashed(code))
        reply: dict[str, Any] = json.loads(line)
        if reply.get("last"):
            self._end()
        return reply

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        command = [sys.executable, "-c", _CHILD, json.dumps(sys.path), str(self.limits.memory)]
        # One thread for the linear algebra that comes with the language detector: each takes memory of its own.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
            )
        except OSError as error:
            raise CrossciteError(f"The process that reads files can't be started: {error.strerror or error}") from error
        self._process = process
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            code = self._end()
            raise CrossciteError(
                f"The process that reads files ended at its start (exit code {code}). "
                "It needs 1 GB of memory and the packages of crosscite: pip install crosscite"
            )
        return process

    def _end(self) -> int:
        """Kill the child, if there is one, and return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.kill()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
        return process.wait()


def _used_up(code: int) -> bool:
    return hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU


def _too_slow(seconds: float) -> str:
    return f"takes longer than {seconds:.0f} seconds to read: it is damaged, made to do harm, or to be split into parts"


def _crashed(code: int) -> str:
    name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"makes its reader crash ({name}): it is damaged, made to do harm, or needs too much memory"


def _document(fields: dict[str, Any]) -> Document:
    headings = fields["headings"]
    return Document(
        **{
            **fields,
            "pages": tuple(fields["pages"]),
            "furniture": tuple(Span(**span) for span in fields["furniture"]),
            "headings": None if headings is None else tuple(Span(**span) for span in headings),
            "verbatim": tuple(Span(**span) for span in fields["verbatim"]),
        }
    )


_shared = Reader()
atexit.register(_shared.close)


def read(path: Path, *, id: str) -> Document:
    """Read a file to a document in the process shared by all; what it raises is said at `Reader.read`."""
    return _shared.read(path, id=id)
