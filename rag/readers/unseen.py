"""What of a web page, a book or a mail nobody sees."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


def is_unseen(element: _Element) -> bool:
    """Whether an element says of itself that it is not shown; ``aria-hidden`` only hides it from who is read to."""
    return element.get("hidden") is not None or _STYLE.search(element.get("style") or "") is not None


def unseen_below(root: _Element) -> Collection[_Element]:
    """What is not shown of a page that runs no scripts; notes that a reader opens by their marks are."""
    return {element for element in root.iter() if is_unseen(element) and element.tag != "aside"}
