"""Questions that ask why are told from others, in many languages."""

import pytest

from rag.reasons import asks_for_reasons


@pytest.mark.parametrize(
    "question",
    [
        "Why did it burn?",
        "And what were the reasons for it?",
        "Weshalb brannte es?",
        "Aus welchem Grund brannte es?",
        "Pourquoi la grange a-t-elle brûlé ?",
        "¿Por qué se quemó?",
        "Perché è bruciato?",
        "Почему сгорел амбар?",
        "なぜ納屋は焼けたのですか？",
        "谷仓为什么烧毁了？",
        "왜 불이 났나요?",
        "Tại sao nhà kho bị cháy?",
        "لماذا احترقت الحظيرة؟",
        "क्यों जल गया?",
    ],
)
def test_a_question_that_asks_why(question: str) -> None:
    assert asks_for_reasons(question)


@pytest.mark.parametrize(
    "question",
    ["Who is Whyte?", "When did it burn?", "Wann brannte es?", "Où est Pourquoy-sur-Mer ?", "何が焼けましたか？"],
)
def test_a_question_that_does_not(question: str) -> None:
    assert not asks_for_reasons(question)
