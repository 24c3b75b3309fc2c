from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_during_an_upload_or_a_removal_leaves_it_done_or_not_begun(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.index.kill_uploads", str(tmp_path), "4"],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert report["problems"] == [], run.stderr
    assert {name: set(report[name]["found"]) for name in ("add", "replace", "remove")} == {
        "add": {"old.txt:Cherry pie.", "new.txt:Banana bread. old.txt:Cherry pie."},
        "replace": {"old.txt:Cherry pie.", "old.txt:Banana bread."},
        "remove": {"old.txt:Cherry pie.", ""},
    }
