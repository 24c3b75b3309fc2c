"""Does a question ask for a reason?

A small model puts reasons in its own words badly: of 16 questions of XQuAD that ask why, asked in English about the
German paragraph, 7 drafts were right; others turned the reason round ("… because it would benefit them") or made one
up. For 11 of the 16 the sentences that it takes for the answer, read one by one, hold the reason. So reasons are given
in the words of the source.
"""

from __future__ import annotations

import re

_WORDS = (
    "why|for what reasons?|what (?:is|was|are|were) the reasons?|how come|warum|weshalb|wieso|weswegen|"
    "aus welche[mn] gr(?:und|ünden)|pourquoi|por ?qué|por que|per què|perché|perche|waarom|varför|hvorfor|miksi|"
    "dlaczego|czemu|proč|prečo|zašto|zakaj|miért|^de ce|защо|почему|зачем|чому|зашто|γιατί|neden|niçin|niye|tại sao|"
    "vì sao|mengapa|kenapa|bakit|kwa nini|kodėl|kāpēc|miks|왜|لماذا|چرا|למה|מדוע|क्यों|কেন|ஏன்|ఎందుకు|کیوں"
)
"""Within a question the Romanian "de ce" would be French for "of this"."""

_WITHOUT_SPACES = "なぜ|何故|どうして|为什么|為什麼|为何|為何|ทำไม"
_TITLE = re.compile(r"[\"«»„“「『《].*?[\"«»”“」』》]|(?<=\w )(?:Why|Warum|Pourquoi|Por qué|Perché)(?= [^\W\d_])")
"""What is quoted, or has a capital within the question: "Who wrote Why Nations Fail?"."""

_LETTER = r"[\w\u0900-\u0dff]"
"""Python takes the vowel signs of Indian scripts for no part of a word."""

_REASON = re.compile(rf"(?<!{_LETTER})(?:{_WORDS})(?!{_LETTER})|{_WITHOUT_SPACES}")


def asks_for_reasons(question: str) -> bool:
    """Whether a question asks why, in any of the languages that questions are recognised in.

    >>> asks_for_reasons("Warum brannte es?"), asks_for_reasons("Wann brannte es?")
    (True, False)
    """
    untitled = _TITLE.sub(" ", question).strip()
    return bool(_REASON.search((untitled if any(map(str.isalpha, untitled)) else question).casefold()))
