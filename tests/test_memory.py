"""How much memory a process has."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import memory


def test_linux_tells_the_present_memory_and_the_peak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tcrosscite\nVmPeak:\t    9 kB\nVmHWM:\t    3 kB\nVmRSS:\t    2 kB\n", encoding="ascii")
    monkeypatch.setattr(memory, "STATUS", status)
    assert (memory.present(), memory.peak()) == (2048, 3072)


def test_elsewhere_both_are_the_most_that_the_system_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(memory, "STATUS", tmp_path / "missing")
    least = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert memory.present() >= least
    assert memory.peak() >= memory.present() >= 2**20
