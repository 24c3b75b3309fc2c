"""An answer that only says the question again is told from one that answers it."""

from __future__ import annotations

import pytest

from rag.restating import only_restates

FRESNO = "Welche ethnische Community befindet sich im Zentrum der West Side von Fresno?"


@pytest.mark.parametrize(
    ("sentence", "question", "code"),
    [
        ("Die ethnische Community befindet sich im Zentrum der West Side von Fresno.", FRESNO, "de"),
        ("The company has the right to restore the tapes.", "Which company has the right to restore tapes?", "en"),
        ("これは画家の手稿に転記されていたものである。", "画家の手稿に転記されていたものは何ですか。", "ja"),
        ("他在上大学。", "他在哪里上大学?", "zh"),
        ("Компания имеет право на это.", "Какая компания имеет право на это?", "ru"),
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
        ("列車は28日から2時間後に復旧されました。", "28日に脱線した列車は何時間後に復旧されましたか。", "ja"),
        ("他在北京上大学。", "他在哪里上大学?", "zh"),
        ("Po", "Which river is the longest?", "en"),
        ("그 회사는 서울에 있다.", "그 회사는 어디에 있나?", "ko"),
    ],
)
def test_one_new_word_of_content_or_number_is_an_answer(sentence: str, question: str, code: str) -> None:
    assert not only_restates(sentence, question, code)
