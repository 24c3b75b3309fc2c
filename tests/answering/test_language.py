"""The language of short questions is told in spite of names."""

import pytest

from rag import language


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
    ],
)
def test_the_language_of_a_question_is_told(text: str, code: str) -> None:
    assert language.detect(text) == code


def test_a_text_without_letters_has_no_language() -> None:
    assert language.detect("42 %") == "und"


def test_a_name_alone_is_in_the_expected_language() -> None:
    assert language.detect("Liang Wenfeng", expected="ja") == "ja"


def test_an_unknown_language_differs_from_none() -> None:
    assert language.same("und", "de")
    assert not language.same("en", "de")
