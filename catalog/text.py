"""Normal forms of text: on one line, for search, and for the comparison of words."""

import re
import unicodedata


def one_line(value: object) -> str:
    """Text on one line: control characters become blanks, and runs of blanks one blank."""
    text = str(value)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


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
