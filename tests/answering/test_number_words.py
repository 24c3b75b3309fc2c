"""Numbers that texts write in words are read as numbers, in the languages that have rules for them."""

import pytest

from rag import language
from rag.number_words import and_in_digits, in_digits


@pytest.mark.parametrize(
    ("text", "code", "digits"),
    [
        ("Twelve of the twenty-three left on the third day", "en", "12 of the 23 left on the 3 day"),
        ("Dreiundzwanzig Leute, zwei Millionen", "de", "23 Leute, 2 Millionen"),
        ("vingt-trois, trois cents et deux mille", "fr", "23, 300 et 2000"),
        ("Dwanaście osób, grupy do ośmiu", "pl", "12 osób, grupy do 8"),
        ("не дольше двадцати трёх минут", "ru", "не дольше 23 минут"),
        ("on iki kişi", "tr", "12 kişi"),
        ("sessenta e oito anos", "pt", "68 anos"),
        ("kahdentoista hengen ryhmä", "fi", "12 hengen ryhmä"),
        ("बारह लोग", "hi", "12 लोग"),
        ("mười hai người", "vi", "12 người"),
        ("สิบสองคน", "th", "12คน"),
        ("한 번에 열두 명까지만, 삼천만 원", "ko", "한 번에 12 명까지만, 3000만 원"),
    ],
)
def test_a_number_in_words_is_read(text: str, code: str, digits: str) -> None:
    assert in_digits(text, code) == digits


@pytest.mark.parametrize(
    ("numeral", "digits"),
    [
        ("四十小时", "40小时"),
        ("三千五百円", "3500円"),
        ("一万二千平方米", "12000平方米"),
        ("三千万元", "30000000元"),
        ("二〇二五年", "2025年"),
        ("三点二", "3.2"),
        ("廿三日", "23日"),
        ("两亿颗", "200000000颗"),
    ],
)
def test_an_east_asian_numeral_is_read(numeral: str, digits: str) -> None:
    assert in_digits(numeral, "zh") == digits


@pytest.mark.parametrize(
    ("text", "code"),
    [("Sechsecke und Achtung", "de"), ("Nobody often stands", "en"), ("이 일은 사람이 한다", "ko"), ("", "fr")],
)
def test_a_word_that_only_begins_like_a_number_is_none(text: str, code: str) -> None:
    assert in_digits(text, code) == text


def test_words_of_one_number_are_not_parted_by_a_comma() -> None:
    assert in_digits("twenty, three", "en") == "20, 3"


def test_no_language_that_can_be_told_raises_an_error() -> None:
    for code in (*language.NAMES, "und", "my"):
        assert in_digits("17", code) == "17"


def test_a_text_without_such_words_is_given_once() -> None:
    assert and_in_digits("12 Wärter", "de") == "12 Wärter"
    assert and_in_digits("Zwölf Wärter", "de") == "Zwölf Wärter\n12 Wärter"
