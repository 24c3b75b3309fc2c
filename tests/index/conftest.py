"""What the tests of the index share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.index.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    shelf.close()


@pytest.fixture
def fruit(shelf: Shelf) -> Shelf:
    """Two documents: a.txt about apples and bananas, b.txt about cherries."""
    shelf.write(
        {
            "a.txt": "Fruit\n\nThe apple hangs on the tree. The banana lies on the plate.\n",
            "b.txt": "The cherry is in the basket.\n",
        }
    )
    shelf.build()
    return shelf


@pytest.fixture
def killing(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Runs a program that forks and kills, in a process of its own, and gives what it reports: no problems."""
    if not hasattr(os, "fork"):
        pytest.skip("kills forked processes")

    def run(program: str, *arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", f"tests.index.{program}", str(tmp_path), *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            cwd=Path(__file__).parents[2],
            check=False,
        )
        assert done.returncode == 0, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        assert report["problems"] == [], done.stderr
        return report

    return run
