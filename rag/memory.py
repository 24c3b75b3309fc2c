"""How much memory this process has, in bytes."""

from __future__ import annotations

import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def present() -> int:
    """Return what it has now; where only the most it ever had is told, that."""
    return _in_status("VmRSS") or _most()


def peak() -> int:
    """Return the most that it has ever had; 0 where the system doesn't say."""
    # Not ru_maxrss: Linux lets a child begin with its parent's, and a parent with a model in memory is large.
    return _in_status("VmHWM") or _most()


def _in_status(field: str) -> int:
    """A field of Linux's page about this process, given there in kB; 0 where there is none."""
    try:
        lines = STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)


def _most() -> int:
    """The most that it has ever had, as getrusage counts it."""
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
