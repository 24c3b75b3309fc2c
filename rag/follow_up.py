"""Does a question need the one before it to be understood?

A question with a subject of its own starts a new topic, and the old one would only pollute it. What leans on the
question before shows it by a word of a closed class: a pronoun, or a connective at the beginning.
"""

from __future__ import annotations

import re

from rag import language

_POINTING = {
    "en": "he she it they him them his her hers its their this these those",
    "de": "er sie ihm ihn ihnen ihr ihre ihrem ihren ihrer sein seine seinem seinen seiner dort dabei davon dafür dazu",
    "fr": "il elle ils elles lui leur leurs son sa ses cela ça celui celle",
    "es": "él ella ellos ellas su sus eso esto allí",
    "it": "lui lei loro suo sua suoi sue questo questa ciò",
    "pt": "ele ela eles elas seu sua seus suas isso isto",
    "nl": "hij zij hem haar hun zijn deze dit daar",
    "ru": "он она оно они его её ее их ему ей им там",
    "pl": "on ona ono oni jego jej ich im tam",
    "vi": "ông bà anh cô họ nó đó này",
}
_GOING_ON = {
    "en": "and but so or",
    "de": "und aber oder",
    "fr": "et mais ou alors",
    "es": "y pero o",
    "it": "e ed ma o",
    "pt": "e mas ou",
    "nl": "en maar of",
    "ru": "а и но",
    "pl": "a i ale",
    "vi": "và còn",
}
_GOING_ON_ANYWHERE = frozenset(["and", "but", "und", "aber", "et", "mais", "pero", "maar", "но", "ale", "và", "còn"])
"""Those that begin no other question in any of the languages: a short follow-up's language is often mistaken."""

_EAST_ASIAN = re.compile(
    r"彼|それ|その|そこ|これ|この|他们|她们|它们|他|她|它|这|那|其|그는|그녀|그것|그의|이것|^\W*(?:では|じゃあ|そして|还有|그리고|그럼)"
)
_WORD = re.compile(r"\w+")
_FEW_WORDS = 2


def needs_context(question: str) -> bool:
    """Whether a question leans on the one before it.

    >>> needs_context("Where did he get his doctorate?"), needs_context("What is the capital of Mongolia?")
    (True, False)
    """
    if _EAST_ASIAN.search(question):
        return True
    code = language.detect(question)
    words = [word.casefold() for word in _WORD.findall(question)]
    pointing, going_on = _POINTING.get(code, "").split(), _GOING_ON.get(code, "").split()
    few = not language.is_unspaced(question) and len(words) <= _FEW_WORDS
    return few or words[0] in _GOING_ON_ANYWHERE or words[0] in going_on or not set(pointing).isdisjoint(words)
