"""How near texts are to any question: short and vague ones are near to all, and crowd out what a question is about.

Such neighbours of everything are known as hubs (Radovanović et al. 2010, JMLR 11). Taking off how near a text is to
many questions is the simplest of the corrections known (centring: Suzuki et al. 2013, EMNLP).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rag.embedding import Embedder

WEIGHT = 0.3
"""How much of the mean nearness is taken off a sentence, alone and with its neighbours. Share of the questions whose
sentence is among the evidence (at a ``retriever.LANGUAGE_SHARE`` of .10; at .07 .927, .891 and .915):

| | without | .3 |
|---|---|---|
| XQuAD, half of the paragraphs German, half English, asked in both, 300 of each | .921 | .928 |
| the same with JaQuAD and the passages of NoMIRACL, 9,872 documents, 200 of each | .887 | .892 |
| the same XQuAD with 140 web pages and other files in 28 languages, 200 of each | .904 | .913 |

R@1 of paragraphs is as good (XQuAD en-de .893 and .893, de-de .961 and .960, JaQuAD .903 and .904). With questions in
one language its own texts or the others' are favoured; with the declaration of human rights instead of questions, R@1
on XQuAD falls by a point.
"""

_QUESTIONS = (
    "Who is the president of the company?", "When was the city founded?", "How many people live there?",
    "Why did they decide to leave?", "What is the name of the book?", "Where was he born?",
    "How does the method work?", "What are the advantages?",
    "Wer ist der Präsident der Firma?", "Wann wurde die Stadt gegründet?", "Wie viele Menschen leben dort?",
    "Warum beschlossen sie zu gehen?", "Wie heißt das Buch?", "Wo wurde er geboren?",
    "Wie funktioniert das Verfahren?", "Welche Vorteile gibt es?",
    "Qui est le président de l'entreprise ?", "Quand la ville a-t-elle été fondée ?",
    "Combien de personnes y vivent ?", "Pourquoi ont-ils décidé de partir ?", "Comment s'appelle le livre ?",
    "Où est-il né ?", "Comment fonctionne la méthode ?", "Quels sont les avantages ?",
    "Кто президент компании?", "Когда был основан город?", "Сколько людей там живёт?", "Почему они решили уйти?",
    "Как называется книга?", "Где он родился?", "Как работает этот метод?", "Каковы преимущества?",
    "会社の社長は誰ですか？", "その都市はいつ設立されましたか？", "そこには何人住んでいますか？",
    "彼らはなぜ去ることに決めたのですか？", "その本の名前は何ですか？", "彼はどこで生まれましたか？",
    "その方法はどのように機能しますか？", "利点は何ですか？",
    "من هو رئيس الشركة؟", "متى تأسست المدينة؟", "كم عدد الناس الذين يعيشون هناك؟", "لماذا قرروا المغادرة؟",
    "ما اسم الكتاب؟", "أين ولد؟", "كيف تعمل هذه الطريقة؟", "ما هي المزايا؟",
)  # fmt: skip
"""Eight questions about nothing in particular, in six languages."""


@lru_cache(maxsize=4)
def any_question(embedder: Embedder) -> NDArray[np.float32]:
    """Return the mean vector of general questions, of shape (d,): its product with a text's is their mean cosine."""
    return np.asarray(embedder.queries(_QUESTIONS).mean(axis=0), dtype=np.float32)
