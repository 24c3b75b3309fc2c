"""The language of short questions is told in spite of names."""

import re

import pytest

from rag import declaration, language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Why did Zizheng Pan join DeepSeek?", "en"),
        ("Wie viele Forscher beschäftigt DeepSeek?", "de"),
        ("梁文鋒氏のヘッジファンドの名前は何ですか？", "ja"),
        ("谁创立了DeepSeek？", "zh"),
        ("DeepSeek 창립자는 누구입니까?", "ko"),
        ("Ai là người sáng lập DeepSeek?", "vi"),
        ("¿Quién fundó la empresa Telefónica?", "es"),
        ("Сколько человек работает в этой компании?", "ru"),
        ("Wo liegt Seeland?", "de"),
        ("Who do gurus control?", "en"),
        ("WHO-Bericht über das Rauchen?", "de"),
    ],
)
def test_the_language_of_a_question_is_told(text: str, code: str) -> None:
    assert language.detect(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Who is 梁文锋?", "en"),
        ("Wer ist 梁文锋?", "de"),
        ("Кто такой 梁文锋?", "ru"),
        ("When was アインシュタイン born?", "en"),
        ("Who is 김정은?", "en"),
        ("梁文锋 hat was gegründet?", "de"),
        ("What does ありがとう mean?", "en"),
        ("machine learning 是什么？", "zh"),
        ("machine learning とは何ですか？", "ja"),
        ("pip install 오류 해결", "ko"),
        ("DeepSeek 梁文锋", "zh"),
        ("Samsung Electronics の CEO", "ja"),
    ],
)
def test_names_in_another_script_do_not_change_the_language_of_a_question(text: str, code: str) -> None:
    assert language.detect(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Swami Vivekananda (Hindi: स्वामी विवेकानन्द) (* 1863 in Kalkutta) war ein Lehrer des Hinduismus.", "de"),
        ("Die Universität (Московский университет) liegt in Moskau und wurde 1755 gegründet.", "de"),
        ("新曲「YEAH!! YEAH!!」はEXILE THE SECONDとTHE RAMPAGE from EXILE TRIBEの作品である。", "ja"),
        ("The Tale of Genji (源氏物語, Genji monogatari) is a classic work of Japanese literature.", "en"),
        ('Raviscanina: Die Autobahn A1 Mailand–Neapel "(Autostrada del Sole)" ist etwa 20 km entfernt.', "de"),
        ("Die Universität Peking (北京大学) ist eine Universität in Peking.", "de"),
        ("Sen to Chihiro no Kamikakushi (千と千尋の神隠し) ist ein Film von Hayao Miyazaki aus dem Jahr 2001.", "de"),
        ("निवेशकों के लिए mutual funds और fixed deposits में निवेश करना सुरक्षित है", "hi"),
        ("Ministarstvo spoljnih poslova saopštilo je da su pregovori završeni", "sr"),
    ],
)
def test_a_text_is_in_the_language_that_most_of_it_is_in_whatever_it_quotes(text: str, code: str) -> None:
    assert language.detect(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("တရားစွဲခံထားရတဲ့ သတင်းသမား သုံးဦး အာမခံရ", "my"),
        ("ძველი პორტი დააარსეს ვაჭრებმა, რომლებსაც სურდათ ვაჭრობა ბალტიის ზღვის გავლით", "ka"),
        ("Ո՞րտեղ է նավահանգիստը", "hy"),
        ("Who founded ძველი პორტი?", "en"),
        ("Die Stadt Tiflis (თბილისი) ist die Hauptstadt von Georgien und liegt am Fluss Mtkwari.", "de"),
    ],
)
def test_a_script_tells_a_language_that_the_classifier_does_not_know(text: str, code: str) -> None:
    assert language.detect(text) == code


@pytest.mark.parametrize(
    ("code", "text", "could"),
    [
        ("ja", "NO OTHER", False),
        ("ja", "羅生門", True),
        ("ru", "ГЛАВА ПЕРВАЯ", True),
        ("de", "ГЛАВА ПЕРВАЯ", False),
        ("el", "ΤΟ ΛΙΜΑΝΙ", True),
        ("ka", "Hello there", False),
        ("de", "Der Hafen", True),
    ],
)
def test_a_text_could_be_in_a_language_that_its_script_belongs_to(code: str, text: str, could: bool) -> None:
    assert language.could_be(code, text) is could


def test_a_table_of_units_has_some_language_or_none() -> None:
    assert language.detect("12,5 ℃ | 13,0 ℃ | 14 ℃ | 15 ℃ | 16 ℃ | 17 ℃ | 18 ℃ | 19 ℃ | 20 ℃", expected="de") == "de"


def test_a_language_that_is_written_otherwise_is_not_expected() -> None:
    assert language.detect("Die Universität Peking (北京大学) ist eine Universität in Peking.", expected="ru") == "de"


def test_a_text_without_letters_has_no_language() -> None:
    assert language.detect("42 %") == "und"


def test_a_name_alone_is_in_the_expected_language() -> None:
    assert language.detect("Liang Wenfeng", expected="ja") == "ja"


def test_an_unknown_language_differs_from_none() -> None:
    assert language.same("und", "de")
    assert not language.same("en", "de")


@pytest.mark.parametrize("code", sorted(language.NAMES))
def test_prose_is_in_a_language_whatever_its_script(code: str) -> None:
    sentences = [part for text in declaration.texts()[code] for part in re.split(r"(?<=[.。।။])", text) if part.strip()]
    assert [part for part in sentences if language.is_in_none(part)] == []


def test_vowel_signs_are_letters_of_a_language() -> None:
    assert not language.is_in_none("वे 1947 में थे")


@pytest.mark.parametrize(
    "text",
    ["→ https://example.org/debian", "udp6 0 0 ::1:123 :::* 539/ntpd", "MD5: 24d53e8dd75095640a1", "1 | 2,5 | 3.000"],
)
def test_figures_addresses_and_output_of_programs_are_in_no_language(text: str) -> None:
    assert language.is_in_none(text)
