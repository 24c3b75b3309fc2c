"""The process that reads files: a request a line comes in, a reply a line goes out.

It may read, but neither write nor connect nor start anything: no parser has a reason to.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag.errors import DocumentError
from rag.language import detect
from rag.memory import peak
from rag.readers.parsing import parse

#: A process that has once been larger than this many bytes makes room: what C libraries took, they don't give back.
WORN = 400 * 1024 * 1024

_FORBIDDEN = (
    "socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.system", "os.startfile",
    "os.kill", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
    "os.chown", "shutil.", "urllib.", "ftplib.", "http.", "smtplib.", "tempfile.",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    """Serve requests from standard input until it ends."""
    replies = os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the replies.
    os.dup2(2, 1)
    if hasattr(signal, "SIGINT"):
        # Ctrl-C at a terminal goes to all processes; the parent decides what becomes of this one.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The language detector unpacks its model to a temporary file when it is first used: now, while that is allowed.
    detect("These words are of no importance to anybody.")
    _bound(int(sys.argv[2]))
    sys.addaudithook(_forbid)
    sys.setrecursionlimit(2_000)
    replies.write(b"ready\n")
    replies.flush()
    for line in sys.stdin.buffer:
        reply = _reply(json.loads(line))
        replies.write(json.dumps(reply, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        replies.flush()


def _reply(request: dict[str, Any]) -> dict[str, Any]:
    _allow(request["seconds"])
    try:
        return {"document": asdict(parse(Path(request["path"]), id=request["id"])), "last": _is_worn()}
    except DocumentError as error:
        return _refusal(error.reason, error.why)
    except MemoryError:
        return _refusal(
            "needs too much memory to read: it is damaged, made to do harm, or to be split", "large", last=True
        )
    except RecursionError:
        return _refusal("is nested too deeply: it is damaged or made to do harm", last=True)
    except Exception as error:  # the edge: whatever a parser raises over a file is the file's fault
        return _refusal(f"is damaged, or not what its name says ({_said(error)})")


def _refusal(reason: str, why: str = "damaged", *, last: bool = False) -> dict[str, Any]:
    return {"reason": reason, "why": why, "last": last or _is_worn()}


def _said(error: Exception) -> str:
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message[:120]}" if message else type(error).__name__


def _bound(memory: int) -> None:
    """Limit what this process can take, where the system has such limits."""
    try:
        import resource
    except ImportError:
        return
    for limit, value in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):
            continue


def _is_worn() -> bool:
    return peak() > WORN


def _allow(seconds: float) -> None:
    """Let the kernel end this process after so many seconds of processor time, even if the parent has gone."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _forbid(event: str, arguments: tuple[object, ...]) -> None:
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
    if writes or event.startswith(_FORBIDDEN):
        raise PermissionError(f"a reader may not: {event}")
