from __future__ import annotations

import pytest

from rag.readers.dates import date_in_address, parse_date
from rag.readers.furniture import find_furniture
from rag.readers.metadata import find_date, find_title, find_url, shorten


def title(text: str) -> str:
    return find_title(text, find_furniture(text))


@pytest.mark.parametrize(
    ("line", "iso"),
    [
        ("2024-07-23", "2024-07-23"),
        ("2024/07/23 08:30", "2024-07-23"),
        ("2024-07-23T08:30:00Z", "2024-07-23"),
        ("19. November, 2024", "2024-11-19"),
        ("Dienstag, 19. November 2024, 14:05 Uhr", "2024-11-19"),
        ("Stand: 19.11.2024", "2024-11-19"),
        ("July 4, 2023", "2023-07-04"),
        ("Published: Tue, 4 July 2023", "2023-07-04"),
        ("4th of July 2023", "2023-07-04"),
        ("Jan 5, 2023", "2023-01-05"),
        ("Sept. 5, 2023", "2023-09-05"),
        ("1er mars 2022", "2022-03-01"),
        ("le 14 juillet 2022", "2022-07-14"),
        ("3 de marzo de 2021", "2021-03-03"),
        ("12 marzo 2021", "2021-03-12"),
        ("7 de março de 2021", "2021-03-07"),
        ("5 mei 2020", "2020-05-05"),
        ("23 lipca 2024", "2024-07-23"),
        ("23 июля 2024 г.", "2024-07-23"),
        ("ngày 7 tháng 2 năm 2025", "2025-02-07"),
        ("2024年7月23日", "2024-07-23"),
        ("2024年7月23日（火）", "2024-07-23"),
        ("2024년 7월 23일", "2024-07-23"),
        ("23/07/2024", "2024-07-23"),
        ("07/23/2024", "2024-07-23"),
        ("05/05/2024", "2024-05-05"),
        ("04/07/2023", None),
        ("31.02.2024", None),
        ("1985", None),
        ("In 2023, the company grew", None),
        ("Am 19. November 2024 kam er nach Hangzhou.", None),
    ],
)
def test_dates_are_read_in_the_usual_notations(line: str, iso: str | None) -> None:
    assert parse_date(line) == iso


@pytest.mark.parametrize(
    ("url", "iso"),
    [
        ("https://www.example.org/2024/09/13/tech/index.html", "2024-09-13"),
        ("https://example.org/news-20250207152041687.htm", "2025-02-07"),
        ("https://example.org/2024-09-13-harbour", "2024-09-13"),
        ("https://example.org/article-20259999.htm", None),
        ("https://example.org/id/123456789012", None),
    ],
)
def test_dates_are_read_from_addresses(url: str, iso: str | None) -> None:
    assert date_in_address(url) == iso


def test_a_date_line_wins_over_the_address() -> None:
    assert find_date("A title\n4 July 2023\nText.", "https://example.org/2024/09/13/a") == "2023-07-04"
    assert find_date("A title\nText.", "https://example.org/2024/09/13/a") == "2024-09-13"
    assert find_date("A title\nText.", None) is None


def test_the_source_line_gives_the_address_and_other_addresses_do_not() -> None:
    assert find_url("Text.\nhttps://other.example.org/\nSource: https://example.org/a") == "https://example.org/a"
    assert find_url("Text.\nhttps://other.example.org/") is None


def test_the_first_line_that_looks_like_a_title_is_the_title() -> None:
    assert title("Ships return to Whitby\n\nThe first of them arrived on Monday.") == "Ships return to Whitby"


def test_a_heading_below_lead_and_caption_is_the_title() -> None:
    text = (
        "The harbour of Whitby is open again after two hundred years. People are glad.\n"
        "The new pier on the day of its opening - Photo: Example News\n"
        "Will the ships come back?\n"
        "On Monday morning the first of them was seen from the lighthouse."
    )
    assert title(text) == "Will the ships come back?"


def test_labels_dates_and_list_items_are_no_titles() -> None:
    text = "News\n2024-07-23\n\nShips return to the old harbour\nThe first of them arrived on Monday."
    assert title(text) == "Ships return to the old harbour"
    assert title("- first point\n- second point\nThe harbour\nIt is old.") == "The harbour"


def test_without_a_title_the_first_sentence_stands_in_for_it() -> None:
    text = (
        "The harbour of Whitby, founded in 1743 by merchants who traded with the Baltic, has been opened again.\n"
        "People are glad about it."
    )
    assert title(text) == "The harbour of Whitby, founded in 1743 by merchants who traded with the Baltic, has been…"


def test_a_long_japanese_sentence_is_cut_at_its_length() -> None:
    assert shorten("港" * 200) == "港" * 90 + "…"
