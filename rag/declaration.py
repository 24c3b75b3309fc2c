"""A text that says the same in 44 languages: articles 1-9 of the Universal Declaration of Human Rights.

``declaration.json`` has articles 1-2 and 3-9, about as long as a passage each, as the United Nations publish them, in
all languages that ``rag.language`` tells apart; it is in the public domain.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any


@lru_cache(maxsize=1)
def texts() -> dict[str, list[str]]:
    """Return the articles by language (ISO 639-1)."""
    found: dict[str, Any] = json.loads(files("rag").joinpath("declaration.json").read_text(encoding="utf-8"))
    return found
