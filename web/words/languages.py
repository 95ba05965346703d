"""The panel's texts and the reasons of results, in the language of a locale.

Each language is a file beside this one: ``labels`` of the panel, ``reasons`` by the English phrase
of the engine, ``colours`` that stand in reasons, and the texts of the ``map``. The panel's script
has the labels of all.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from engine.recommendation.results import Panel, Recommendation
from web.app.context import shop

FOLDER = Path(__file__).parent
ENGLISH = "en"
LANGUAGES = (ENGLISH, *sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != ENGLISH))
LOCALE = r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$"
IN_A_COLOUR = re.compile(r"(?P<phrase>same cut|same design) in (?P<colour>.+)", re.DOTALL)
CLOSE = re.compile(r"close (?P<facet>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language.

    Attributes:
        labels: texts of the panel, by the names that its script has for them.
        reasons: English phrase of the engine -> phrase; ``{colour}`` and ``{facet}`` are filled.
        colours: English colour -> colour, as it stands after "in".
        map: texts of the page of the map.
    """

    labels: Mapping[str, str]
    reasons: Mapping[str, str]
    colours: Mapping[str, str]
    map: Mapping[str, str]

    def reason(self, text: str) -> str:
        """A reason of the engine in this language; one that is not known stays as it is."""
        if text in self.reasons:
            return self.reasons[text]
        if found := IN_A_COLOUR.fullmatch(text):
            colour = self.colours.get(found["colour"].casefold(), found["colour"])
            return self.reasons[f"{found['phrase']} in {{colour}}"].replace("{colour}", colour)
        if found := CLOSE.fullmatch(text):
            return self.reasons["close {facet}"].replace("{facet}", found["facet"])
        return text


@cache
def words_of(language: str) -> Words:
    """The words of one of `LANGUAGES`."""
    return Words(**json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8")))


def language_of(locale: str | None) -> str:
    """The language of a locale such as ``de_AT`` or ``fr``; English for those that are not here."""
    name = re.split("[-_]", locale or "")[0].lower()
    return name if name in LANGUAGES else ENGLISH


def asked_language(locale: str | None) -> str:
    """The language of a request's locale; without one, of the shop's setting."""
    return language_of(locale or shop().own.locale)


def translated(panel: Panel, language: str) -> Panel:
    """An answer with its reasons in a language."""
    if language == ENGLISH:
        return panel
    words = words_of(language)
    return replace(panel, results=tuple(_translated(result, words) for result in panel.results))


def _translated(result: Recommendation, words: Words) -> Recommendation:
    return replace(result, reasons=tuple(words.reason(text) for text in result.reasons))
