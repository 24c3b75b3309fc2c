"""What the tests of the index share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
