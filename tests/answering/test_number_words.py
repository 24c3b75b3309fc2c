"""Numbers that texts write in words are read as numbers, in the languages that have rules for them, or not at all."""

import pytest

from rag import language
from rag.figures import unsupported
from rag.number_words import and_in_digits, values


@pytest.mark.parametrize(
    ("text", "code", "numbers"),
    [
        ("Twelve of the twenty-three left on the third day", "en", [12, 23, 3]),
        ("one hundred and five, five hundred thousand", "en", [105, 500_000]),
        ("Dreiundzwanzig Leute, zwei Millionen", "de", [23, 2e6]),
        ("vingt-trois, trois cents, deux mille, trois cent vingt", "fr", [23, 300, 2000, 320]),
        ("doscientos cincuenta, treinta mil", "es", [250, 30_000]),
        ("vinte e cinco mil pessoas", "pt", [25_000]),
        ("Dwanaście osób, grupy do ośmiu, pięćdziesiąt krzeseł", "pl", [12, 8, 50]),
        ("не дольше двадцати трёх минут", "ru", [23]),
        ("двадцять п’ять", "uk", [25]),
        ("İki kişi, on iki, iki yüz elli", "tr", [2, 12, 250]),
        ("kahdentoista hengen ryhmä", "fi", [12]),
        ("बारह लोग", "hi", [12]),
        ("mười hai người", "vi", [12]),
        ("한 번에 열두 명까지만, 삼십분, 삼천만 원", "ko", [12, 30, 3e7]),
        (
            "四十小时，三千万元，一万二千平方米，百分之三点二，二〇二五年，两亿颗",
            "zh",
            [40, 3e7, 12_000, 3.2, 2025, 2e8],
        ),
        ("十二人、三百五円、一九万円、二五〇万人、二億三千万", "ja", [12, 305, 190_000, 2_500_000, 2.3e8]),
    ],
)
def test_a_number_in_words_is_read(text: str, code: str, numbers: list[float]) -> None:
    assert values(text, code) == numbers


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Sechsecke und Achtung", "de"),
        ("Nobody often stands", "en"),
        ("a runtime error", "lt"),
        ("이 일은 사람이 한다. 하나은행, 사천성", "ko"),
        ("百度、千方百计、一些", "zh"),
        ("", "fr"),
    ],
)
def test_a_word_that_looks_like_a_number_is_none(text: str, code: str) -> None:
    assert values(text, code) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nineteen ninety-nine", "en"),
        ("七八个，三四十人，三四万，一万五，三百五", "zh"),
        ("이천이십사년", "ko"),
        ("一 and eins", "de"),
    ],
)
def test_what_may_be_several_numbers_is_left_alone(text: str, code: str) -> None:
    assert values(text, code) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ein 300 Meter langer Tunnel", "de"),
        ("cinq 20 euros", "fr"),
        ("năm 200 người", "vi"),
        ("3百人、5千万円", "ja"),
    ],
)
def test_words_beside_digits_make_no_other_number_of_them(text: str, code: str) -> None:
    assert and_in_digits(text, code) == text


@pytest.mark.parametrize("code", ["de", "en", "es", "fr", "it", "pl", "pt", "ru", "tr", "uk", "vi"])
def test_whatever_the_rules_spell_is_read_as_that_number_or_not_at_all(code: str) -> None:
    from unicode_rbnf import RbnfEngine

    engine = RbnfEngine.for_language(code)
    spelt = {number: engine.format_number(number).text for number in range(2, 1000)}
    read = {number: values(f"– {text} –", code) for number, text in spelt.items()}
    assert {number: found for number, found in read.items() if found not in ([], [number])} == {}
    assert all(read[number] for number in range(2, 101))


def test_words_of_one_number_are_not_parted_by_a_comma() -> None:
    assert values("twenty, three", "en") == [20, 3]


def test_no_language_that_can_be_told_raises_an_error() -> None:
    for code in (*language.NAMES, "und", "my"):
        assert and_in_digits("17 x", code) == "17 x"


def test_numbers_stand_behind_the_text_that_has_them() -> None:
    assert and_in_digits("Zwölf Wärter mit drei Millionen", "de") == "Zwölf Wärter mit drei Millionen\n12\n3000000"
    assert unsupported("12 and 3 million", [and_in_digits("Zwölf Wärter mit drei Millionen", "de")]) == []
