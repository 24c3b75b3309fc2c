from __future__ import annotations

import pytest

from rag.readers.canonical import HEADING, Marks, clean, cut_marks, tidy
from rag.types import Span


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
    text, marks = cut_marks(tidy("one\n\f two\n\n\f\n\nthree\n\f"))
    assert (text, marks) == ("one\n two\n\nthree", Marks((0, 5, 10), (), ()))


def test_a_text_without_form_feeds_has_no_pages() -> None:
    assert cut_marks("one\ntwo") == ("one\ntwo", Marks((), (), ()))


def test_marked_lines_are_told_by_their_spans() -> None:
    text, marks = cut_marks("\x02Title\n\x03  a = 1\nwords\n\x03b")
    assert text == "Title\n  a = 1\nwords\nb"
    assert marks == Marks((), (Span(0, 5),), (Span(6, 13), Span(20, 21)))


def test_heading_marks_become_spans_of_their_lines() -> None:
    text, marks = cut_marks(f"{HEADING}One\n\nTwo\n\f{HEADING}Three")
    assert text == "One\n\nTwo\nThree"
    assert marks == Marks((0, 9), (Span(0, 3), Span(9, 14)), ())


def test_no_heading_mark_and_no_half_character_comes_out_of_a_file() -> None:
    assert clean(f"a{HEADING}b\ud800c") == "ab\ufffdc"
