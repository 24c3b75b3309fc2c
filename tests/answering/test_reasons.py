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
        "আগুন কেন লেগেছিল?",
        "De ce a ars hambarul?",
        "תגיד, למה זה נשרף?",
        "And if the barn was wet, why did it burn?",
        'Warum heißt der Film "Vertigo"?',
    ],
)
def test_a_question_that_asks_why(question: str) -> None:
    assert asks_for_reasons(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who is Whyte?",
        "When did it burn?",
        "Wann brannte es?",
        "Où est Pourquoy-sur-Mer ?",
        "何が焼けましたか？",
        "Quel est le prix de ce téléphone ?",
        "Who wrote Why Nations Fail?",
        'Wer schrieb "Warum die Bienen sterben"?',
        "『なぜ世界は存在しないのか』の著者は誰ですか？",
        "কলকাতা কেন্দ্র কোথায়?",
        "역사 왜곡은 언제 시작되었나요?",
        "מתי מלך שלמה?",
        "چراغ کجاست؟",
    ],
)
def test_a_question_that_does_not(question: str) -> None:
    assert not asks_for_reasons(question)
