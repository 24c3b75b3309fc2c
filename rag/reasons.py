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
    "dlaczego|czemu|proč|prečo|zašto|zakaj|miért|de ce|защо|почему|зачем|чому|зашто|γιατί|neden|niçin|niye|tại sao|"
    "vì sao|mengapa|kenapa|bakit|kwa nini|kodėl|kāpēc|miks"
)
_WITHOUT_SPACES = "なぜ|何故|どうして|为什么|為什麼|为何|為何|왜|لماذا|چرا|למה|מדוע|क्यों|কেন|ஏன்|ఎందుకు|ทำไม|کیوں"
_REASON = re.compile(rf"(?<!\w)(?:{_WORDS})(?!\w)|{_WITHOUT_SPACES}")


def asks_for_reasons(question: str) -> bool:
    """Whether a question asks why, in any of the languages that questions are recognised in.

    >>> asks_for_reasons("Warum brannte es?"), asks_for_reasons("Wann brannte es?")
    (True, False)
    """
    return bool(_REASON.search(question.casefold()))
