"""An answer that only says the question again is told from one that answers it."""

from __future__ import annotations

import pytest

from rag.restating import only_restates

FRESNO = "Welche ethnische Community befindet sich im Zentrum der West Side von Fresno?"


@pytest.mark.parametrize(
    ("sentence", "question", "code"),
    [
        ("Die ethnische Community befindet sich im Zentrum der West Side von Fresno.", FRESNO, "de"),
        ("The company was asked to restore the tapes.", "Which company was asked to restore these tapes?", "en"),
        ("Компания имеет право на имущество.", "Какая компания имеет право на имущество?", "ru"),
        ("Apollo 1's crew did tests at the center.", "Where at the center did Apollo 1's crew do tests?", "en"),
    ],
)
def test_a_sentence_of_the_questions_own_words_restates_it(sentence: str, question: str, code: str) -> None:
    assert only_restates(sentence, question, code)


@pytest.mark.parametrize(
    ("sentence", "question", "code"),
    [
        ("Die afroamerikanische Community befindet sich im Zentrum der West Side von Fresno.", FRESNO, "de"),
        ("The Los Angeles Clippers are a team of the NBA.", "The Los Angeles Clippers are a team of what?", "en"),
        ("The region has nine nations.", "How many nations has the region?", "en"),
        ("The company has 9 tapes.", "How many tapes has the company?", "en"),
        ("Es ist verboten.", "Ist es verboten oder erlaubt?", "de"),
        ("Franklin.", "Who discovered Frankfurt?", "en"),
        ("Die Franken besiegten die Sachsen.", "Welcher Stamm besiegte die Sachsen, wie man in Frankreich sagt?", "de"),
        ("It means law.", "What does jus mean?", "en"),
        ("Po", "Which river is the longest?", "en"),
    ],
)
def test_one_new_word_of_content_or_number_is_an_answer(sentence: str, question: str, code: str) -> None:
    assert not only_restates(sentence, question, code)


@pytest.mark.parametrize(
    ("sentence", "question", "code"),
    [
        ("塩尻市に電力を送る送電線網は、塩尻市に電力を送る送電線網です。", "塩尻市に電力を送る送電線網は何か。", "ja"),
        ("The name of that line is the name of that line.", "What is that line called?", "en"),
    ],
)
def test_what_says_one_thing_twice_restates_it_in_any_alphabet(sentence: str, question: str, code: str) -> None:
    assert only_restates(sentence, question, code)


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("World War I, World War II.", "en"),
        ("Treaty of Paris (1763), Treaty of Paris (1783).", "en"),
        ("September 2019 and September 2020.", "en"),
        ("1.000 Euro, 2.000 Euro", "de"),
        ("The Ministry of Foreign Affairs of Peru and the Ministry of Foreign Affairs of Cuba.", "en"),
        ("Massachusetts Institute of Technology Press of the Massachusetts Institute of Technology.", "en"),
        ("New York, New York.", "en"),
        ("Baden-Baden.", "de"),
        ("男性の平均寿命は81歳、女性の平均寿命は87歳です。", "ja"),
    ],
)
def test_what_names_two_things_alike_does_not_say_one_twice(sentence: str, code: str) -> None:
    assert not only_restates(sentence, "?", code)


@pytest.mark.parametrize(
    ("sentence", "question", "code"),
    [
        ("The company moved in 1990.", "Did the company move in 1990 or in 1991?", "en"),
        ("Der Vertrag gilt seit 2010.", "Gilt der Vertrag seit 2010 oder 2012?", "de"),
    ],
)
def test_one_of_two_numbers_of_the_question_is_an_answer(sentence: str, question: str, code: str) -> None:
    assert not only_restates(sentence, question, code)


@pytest.mark.parametrize(
    ("sentence", "question", "code"),
    [
        ("ผู้ก่อตั้งคือสี", "ผู้ก่อตั้งคือใคร", "th"),
        ("भारत की राजधानी दिल्ली है।", "भारत की राजधानी क्या है?", "hi"),
        ("இந்தியாவின் தலைநகரம் டெல்லி.", "இந்தியாவின் தலைநகரம் எது?", "ta"),
        ("さくらです。", "この女性の名前は何ですか。", "ja"),
        ("名称変更は13回、所在地変更は12回です。", "名称変更と所在地変更はどちらが多いですか。", "ja"),
        ("他在北京上大学。", "他在哪里上大学?", "zh"),
        ("그 회사는 서울에 있다.", "그 회사는 어디에 있나?", "ko"),
        ("عاصمة فرنسا باريس.", "ما عاصمة فرنسا؟", "ar"),
    ],
)
def test_it_is_not_told_where_the_alphabet_has_no_capitals(sentence: str, question: str, code: str) -> None:
    assert not only_restates(sentence, question, code)
