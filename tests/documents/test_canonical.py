from __future__ import annotations

import pytest

from rag.readers.canonical import clean, cut_pages, tidy


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("Cafe\u0301", "Café"),
        ("a\r\nb\rc\u2028d\u0085e", "a\nb\nc\nd\ne"),
        ("\ufeffDeep\u200bSeek", "DeepSeek"),
        ("Inno\u00advation", "Innovation"),
        ("Inno\u00ad\n  vation", "Innovation"),
        ("38\u00a0% und 12\u202f000", "38 % und 12 000"),
        ("safe\u202etxt.exe\u202c", "safetxt.exe"),
        ("\u2066hidden\u2069", "hidden"),
        ("ring\x07\x00 bell", "ring bell"),
        ("seen\U000e0041\U000e0042", "seen"),
        ("Deep\u200dSeek", "DeepSeek"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("日本　語", "日本　語"),
    ],
)
def test_characters_come_into_one_form(raw: str, canonical: str) -> None:
    assert clean(raw) == canonical


def test_blank_lines_and_trailing_spaces_are_tidied() -> None:
    assert tidy("\n\na  \n\n \n\t\nb\t\nc\n\n") == "a\n\nb\nc"


def test_form_feeds_become_the_starts_of_pages() -> None:
    assert cut_pages(tidy("one\n\f two\n\n\f\n\nthree\n\f")) == ("one\n two\n\nthree", (0, 5, 10))


def test_a_text_without_form_feeds_has_no_pages() -> None:
    assert cut_pages("one\ntwo") == ("one\ntwo", ())
