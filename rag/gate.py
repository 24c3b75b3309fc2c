"""Is the answer in the documents? A decision over measured signals, and the words of a refusal."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from rag.types import Refusal


@dataclass(frozen=True)
class Gate:
    """A logistic head over named signals; ``threshold`` is the probability from which a sentence is shown.

    Some signals are known before the model writes, one only for the sentence that it wrote. ``best`` has the value that
    such a late signal hardly exceeds: a question that even this would not save is refused before a word is written.
    """

    bias: float
    weights: Mapping[str, float]
    threshold: float
    best: Mapping[str, float] = field(default_factory=dict)

    def probability(self, signals: Mapping[str, float]) -> float:
        """Return the probability that the answer is right; a missing signal counts as 0."""
        logit = self.bias + sum(weight * signals.get(name, 0.0) for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))

    def opens(self, signals: Mapping[str, float]) -> bool:
        """Whether what has these signals is to be shown."""
        return self.probability(signals) >= self.threshold

    def may_open(self, signals: Mapping[str, float]) -> bool:
        """Whether it could still open when the signals that are lacking turn out at their best."""
        return self.opens({**self.best, **signals})


@lru_cache(maxsize=1)
def calibrated() -> Gate:
    """Return the gate as it was calibrated; the file says on what."""
    data: dict[str, Any] = json.loads(files("rag").joinpath("gate.json").read_text(encoding="utf-8"))
    return Gate(**data["gate"])


def refusal(answer_language: str) -> Refusal:
    """Return the refusal in the asker's language, in English where there is no translation."""
    return Refusal("not_in_documents", _REFUSALS.get(answer_language, _REFUSALS["en"]))


_REFUSALS = {
    "ar": "لم أجد إجابة عن هذا السؤال في المستندات.",
    "bg": "Не намерих отговор на този въпрос в документите.",
    "bn": "নথিগুলিতে এই প্রশ্নের উত্তর পাইনি।",
    "ca": "No he trobat la resposta a aquesta pregunta en els documents.",
    "cs": "Odpověď na tuto otázku jsem v dokumentech nenašel.",
    "da": "Jeg fandt ikke svaret på dette spørgsmål i dokumenterne.",
    "de": "Die Antwort auf diese Frage habe ich in den Dokumenten nicht gefunden.",
    "el": "Δεν βρήκα την απάντηση σε αυτή την ερώτηση στα έγγραφα.",
    "en": "I did not find the answer to this question in the documents.",
    "es": "No he encontrado la respuesta a esta pregunta en los documentos.",
    "et": "Ma ei leidnud dokumentidest sellele küsimusele vastust.",
    "fa": "پاسخ این پرسش را در اسناد پیدا نکردم.",
    "fi": "En löytänyt vastausta tähän kysymykseen asiakirjoista.",
    "fr": "Je n'ai pas trouvé la réponse à cette question dans les documents.",
    "he": "לא מצאתי תשובה לשאלה הזאת במסמכים.",
    "hi": "मुझे दस्तावेज़ों में इस प्रश्न का उत्तर नहीं मिला।",
    "hr": "U dokumentima nisam pronašao odgovor na ovo pitanje.",
    "hu": "Erre a kérdésre nem találtam választ a dokumentumokban.",
    "id": "Saya tidak menemukan jawaban atas pertanyaan ini dalam dokumen.",
    "it": "Non ho trovato la risposta a questa domanda nei documenti.",
    "ja": "この質問の答えは文書の中に見つかりませんでした。",
    "ko": "이 질문에 대한 답을 문서에서 찾지 못했습니다.",
    "lt": "Dokumentuose neradau atsakymo į šį klausimą.",
    "lv": "Dokumentos es neatradu atbildi uz šo jautājumu.",
    "nl": "Ik heb het antwoord op deze vraag niet in de documenten gevonden.",
    "no": "Jeg fant ikke svaret på dette spørsmålet i dokumentene.",
    "pl": "Nie znalazłem odpowiedzi na to pytanie w dokumentach.",
    "pt": "Não encontrei a resposta a esta pergunta nos documentos.",
    "ro": "Nu am găsit răspunsul la această întrebare în documente.",
    "ru": "Я не нашёл ответа на этот вопрос в документах.",
    "sk": "Odpoveď na túto otázku som v dokumentoch nenašiel.",
    "sl": "Odgovora na to vprašanje v dokumentih nisem našel.",
    "sr": "Нисам пронашао одговор на ово питање у документима.",
    "sv": "Jag hittade inte svaret på den här frågan i dokumenten.",
    "sw": "Sikupata jibu la swali hili katika nyaraka.",
    "ta": "இந்தக் கேள்விக்கான பதில் ஆவணங்களில் கிடைக்கவில்லை.",
    "te": "ఈ ప్రశ్నకు సమాధానం పత్రాలలో దొరకలేదు.",
    "th": "ไม่พบคำตอบของคำถามนี้ในเอกสาร",
    "tl": "Hindi ko nahanap sa mga dokumento ang sagot sa tanong na ito.",
    "tr": "Bu sorunun cevabını belgelerde bulamadım.",
    "uk": "Я не знайшов відповіді на це запитання в документах.",
    "ur": "مجھے دستاویزات میں اس سوال کا جواب نہیں ملا۔",
    "vi": "Tôi không tìm thấy câu trả lời cho câu hỏi này trong các tài liệu.",
    "zh": "我在文档中没有找到这个问题的答案。",
}
