"""What of a product is searched: its title and brand, and words for its other fields.

Texts and queries are brought to the same words here; the database reduces these to their stems.
"""

import re
from collections.abc import Iterable, Iterator

from catalog.text import search_form

MAX_TITLE = 2_000  # characters of a title that are searched
WORD = re.compile(r"[^\W_]+")
POSSESSIVE = re.compile(r"['’‘`´](?=s\b)", re.IGNORECASE)  # women's, but not d'Étoile
# Written apart or with a hyphen, these mean the same: a "t shirt" is no shirt.
JOINED = {
    ("t", "shirt"): "tshirt",
    ("tee", "shirt"): "tshirt",
    ("sweat", "shirt"): "sweatshirt",
    ("over", "shirt"): "overshirt",
    ("flip", "flop"): "flipflop",
    ("track", "suit"): "tracksuit",
    ("jump", "suit"): "jumpsuit",
    ("swim", "suit"): "swimsuit",
    ("swim", "wear"): "swimwear",
    ("night", "wear"): "nightwear",
    ("rain", "coat"): "raincoat",
    ("hand", "bag"): "handbag",
    ("back", "pack"): "backpack",
    ("v", "neck"): "vneck",
    ("crew", "neck"): "crewneck",
    ("sun", "glass"): "sunglass",
    ("sun", "glasses"): "sunglasses",
}
JOINED |= {(first, f"{second}s"): f"{whole}s" for (first, second), whole in JOINED.items()}
WHOLES: dict[str, tuple[str, ...]] = {}  # a compound's last word -> the compounds
for (_, last), whole in JOINED.items():
    WHOLES[last] = tuple(dict.fromkeys([*WHOLES.get(last, ()), whole]))
ADULTS = {"female": ("women",), "male": ("men",), "unisex": ("unisex", "women", "men")}
KIDS = {"female": ("girls",), "male": ("boys",), "unisex": ("girls", "boys")}


def words_of(text: str) -> list[str]:
    """The words of a text: lower case, without accents, compounds as one word."""
    words = WORD.findall(search_form(POSSESSIVE.sub("", text)))
    return list(_joined(words))


def _joined(words: list[str]) -> Iterator[str]:
    at = 0
    while at < len(words):
        whole = JOINED.get((words[at], words[at + 1])) if at + 1 < len(words) else None
        yield whole or words[at]
        at += 1 if whole is None else 2


def title_document(title: str, brand: str | None) -> str:
    """The words of a product's brand and title, separated by blanks."""
    return " ".join(words_of(f"{brand or ''} {title}"[:MAX_TITLE]))


def more_document(
    category: str | None,
    colour: str | None,
    pattern: str | None,
    gender: str | None,
    age_group: str | None,
) -> str:
    """The words of a product's category (the joined path), colour, pattern and whom it is for."""
    texts = (text for text in (category, colour, pattern) if text)
    words = words_of(" . ".join(texts)[:MAX_TITLE])
    return " ".join(dict.fromkeys([*words, *_people(gender, age_group)]))


def _people(gender: str | None, age_group: str | None) -> Iterable[str]:
    if age_group not in (None, "adult"):
        return ("kids", *KIDS.get(gender or "", ()))
    return ADULTS.get(gender or "", ())
