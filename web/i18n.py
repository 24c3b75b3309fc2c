"""The languages of the interface: one catalogue a language in ``web/locales``, for templates and scripts alike.

A new language is a new file beside ``en.json`` with the same keys; what it leaves out is said in English. A text may
hold ``{placeholders}``; one that counts is an object from the CLDR plural category to its text::

    "count": {"one": "{count} document", "other": "{count} documents"}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal
from fastapi import Request
from markupsafe import Markup, escape

DEFAULT = "en"
FOLDER = Path(__file__).parent / "locales"

Catalogue = Mapping[str, Any]


@dataclass(frozen=True)
class Interface:
    """What the pages say of their own, in one language; call it with a dotted key to get a text.

    >>> english = interface("en")
    >>> str(english("documents.count", count=2))
    '2 documents'
    """

    language: str
    catalogue: Catalogue

    def __call__(self, key: str, /, **values: Any) -> Markup:
        """Return a text as markup: of the values, only `Markup` keeps its tags."""
        return Markup(escape(self._entry(key, values.get("count")))).format(**self._shown(values))

    def text(self, key: str, /, **values: Any) -> str:
        """Return a text for anything but a template."""
        return self._entry(key, values.get("count")).format(**self._shown(values))

    @property
    def direction(self) -> str:
        """The direction of writing: "ltr" or "rtl"."""
        return self._locale.text_direction

    def language_name(self, code: str) -> str:
        """Return a language's name in this one, the code itself when it has none: "de" is "German" in English."""
        try:
            return Locale.parse(code).get_language_name(self.language) or code
        except (UnknownLocaleError, ValueError):
            return code

    def date(self, written: str) -> str:
        """Return a date for people; what is not a full ISO date stays as it is written."""
        try:
            return format_date(date.fromisoformat(written), "medium", self._locale)
        except ValueError:
            return written

    @property
    def _locale(self) -> Locale:
        return Locale.parse(self.language)

    def _entry(self, key: str, count: Any) -> str:
        entry: Any = self.catalogue
        for part in key.split("."):
            entry = entry[part]
        if isinstance(entry, Mapping):
            entry = entry.get(self._locale.plural_form(count), entry["other"])
        assert isinstance(entry, str), f"{key} is no text"
        return entry

    def _shown(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: format_decimal(value, locale=self._locale) if isinstance(value, (int, float)) else value
            for name, value in values.items()
        }


def interface(language: str) -> Interface:
    """Return the interface in one of the `languages`."""
    return Interface(language, _catalogue(language))


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Return the codes of the languages there is a catalogue for, English first."""
    return tuple(sorted((path.stem for path in FOLDER.glob("*.json")), key=lambda code: (code != DEFAULT, code)))


def chosen(accept_language: str) -> str:
    """Return the language that a browser prefers among those there are.

    >>> chosen("fr-CH, de;q=0.9, en;q=0.8")
    'de'
    """
    return next((language for language in wanted(accept_language) if language in languages()), DEFAULT)


def wanted(accept_language: str) -> list[str]:
    """Return the primary languages of an ``Accept-Language`` header (RFC 9110), each once, the preferred one first.

    >>> wanted("en-US, de;q=0.5, en;q=0.9, fr;q=0")
    ['en', 'de']
    """
    wishes = []
    for position, wish in enumerate(accept_language.split(",")):
        tag, _, parameter = wish.partition(";")
        wishes.append((-_quality(parameter), position, tag.strip().partition("-")[0].lower()))
    return list(dict.fromkeys(language for quality, _, language in sorted(wishes) if quality < 0))


def page_context(request: Request) -> dict[str, Any]:
    """Return what every template may use: ``t`` for its texts and ``strings`` for those of the scripts."""
    spoken = interface(chosen(request.headers.get("accept-language", "")))
    return {"t": spoken, "strings": spoken.catalogue}


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0


@lru_cache
def _catalogue(language: str) -> Catalogue:
    catalogue: dict[str, Any] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return catalogue if language == DEFAULT else _filled(catalogue, _catalogue(DEFAULT))


def _filled(catalogue: Catalogue, spare: Catalogue) -> dict[str, Any]:
    """Return a catalogue with every missing text taken from another one; plural forms are not mixed."""
    filled = dict(catalogue)
    for key, text in spare.items():
        if key not in filled:
            filled[key] = text
        elif isinstance(text, Mapping) and "other" not in text:
            filled[key] = _filled(filled[key], text)
    return filled
