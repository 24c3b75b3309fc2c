from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_a_kill_during_an_upload_or_a_removal_leaves_it_done_or_not_begun(
    killing: Callable[..., dict[str, Any]],
) -> None:
    report = killing("kill_uploads", "4")
    assert {name: set(report[name]["found"]) for name in ("add", "replace", "remove")} == {
        "add": {"old.txt:Cherry pie.", "new.txt:Banana bread. old.txt:Cherry pie."},
        "replace": {"old.txt:Cherry pie.", "old.txt:Banana bread."},
        "remove": {"old.txt:Cherry pie.", ""},
    }
