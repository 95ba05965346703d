"""Normal forms of text: on one line, for search, and for the comparison of words."""

import re
import unicodedata
from collections.abc import Iterator

JOINERS = "\u200c\u200d"
LAST_LATIN = "\u024f"
TAGS = frozenset(map(chr, range(0xE0020, 0xE0080)))  # of emoji such as the flag of Scotland
VISIBLE = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2")  # Arabic signs


def counted(count: int, noun: str) -> str:
    """A number with a noun whose plural ends in -s: ``1 rule``, ``2,000 rules``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def one_line(value: object) -> str:
    """Text on one line: control characters become blanks, and runs of blanks one blank.

    Signs that only format, such as soft hyphens and marks of direction, leave no gap. Joiners stay
    where a script or an emoji needs them.
    """
    text = str(value)
    if not text.isprintable():
        text = "".join(_visible(text))
    return " ".join(text.split())


def _visible(text: str) -> Iterator[str]:
    before = ""
    for sign in text:
        if sign.isprintable() or (unicodedata.category(sign) == "Cf" and _is_needed(sign, before)):
            yield sign
            before = sign
        elif unicodedata.category(sign) != "Cf":
            yield " "
            before = ""


def _is_needed(sign: str, before: str) -> bool:
    """Whether a formatting sign changes what is seen, such as a joiner behind a Persian letter."""
    if sign in JOINERS:
        return before > LAST_LATIN
    return sign in TAGS or sign in VISIBLE


def squash(text: str) -> str:
    """Letters and digits only, in lower case: "In Stock!" becomes "instock"."""
    return re.sub(r"[\W_]+", "", text.casefold())


def search_form(text: str) -> str:
    """Lower case without accents, so that a search for "étoile" finds "Etoile"."""
    text = text.casefold()
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c))


def word_key(word: str) -> str:
    """Equal for spellings of a word that differ in case, accents, blanks or punctuation."""
    return squash(search_form(word))


def shown(value: object, most: int = 60) -> str:
    """A value of a feed in quotes, for messages; a long one is cut."""
    text = str(value)
    return repr(text if len(text) <= most else f"{text[:most]}…")
