"""The vocabulary of types, sleeves, necks, lengths, patterns, colours and genders.

Each table maps a label to its synonyms. Plurals, case and hyphens are normalised (see `tokens`), so
they need no entry. Order matters for patterns: if a title names several, the first one listed wins,
so the more specific ones come first.

A synonym with a leading ``=`` matches a whole attribute value only, not a word of a title: a sleeve
may be "short", but "short" in a title may mean anything, and "polo" is a brand as often as a
collar.
"""

import functools
import re
from collections.abc import Mapping

from catalog.frozen_dict import FrozenDict

Words = Mapping[str, tuple[str, ...]]


def word_set(text: str) -> frozenset[str]:
    """The words of a text, which are separated by blanks."""
    return frozenset(text.split())


# Placeholders of empty fields; never a label.
NOTHING = frozenset(
    {"", "na", "n a", "nan", "none", "null", "other", "not sure", "unknown", "unspecified"}
)

# Words without a singular, which `tokens` keeps as they are.
PLURAL = word_set(
    "jeans trousers pants shorts briefs tights leggings sunglasses glasses capris chinos boxers "
    "dungarees pyjamas overalls culottes joggers trunks bras"
)

TYPES: Words = FrozenDict(
    {
        "tshirt": ("t shirt", "tee", "tee shirt"),
        "polo shirt": ("=polo", "polo tee", "polo tshirt"),
        "longsleeve": ("long sleeve", "long sleeve top", "long sleeve tshirt"),
        "innerwear vest": ("undershirt", "vest", "innerwear", "innerwear tshirt"),
        "shirt": ("button down shirt",),
        "blouse": (),
        "top": (),
        "tunic": (),
        "kurta": (),
        "kurti": (),
        "sweater": ("jumper", "pullover", "cardigan"),
        "sweatshirt": ("sweat shirt",),
        "hoodie": ("hoody", "hooded sweatshirt"),
        "jacket": (),
        "blazer": (),
        "coat": ("overcoat", "trench coat"),
        "outerwear": ("outwear",),
        "dress": ("frock", "gown", "shirt dress"),
        "skirt": (),
        "bodysuit": ("=body",),
        "jeans": (),
        "trousers": ("chinos",),
        "pants": (),
        "track pants": ("track pant", "joggers"),
        "leggings": (),
        "tights": (),
        "shorts": (),
        "capris": (),
        "casual shoe": ("sneaker",),
        "sports shoe": ("running shoe", "training shoe", "trainer"),
        "formal shoe": ("oxford shoe", "loafer"),
        "shoe": (),
        "boot": (),
        "heel": ("high heel", "stiletto"),
        "flat": ("ballerina",),
        "sandal": (),
        "flip flop": ("flipflop", "slipper"),
        "sock": (),
        "handbag": ("hand bag", "tote bag", "shoulder bag"),
        "backpack": ("rucksack",),
        "clutch": (),
        "wallet": ("purse",),
        "belt": (),
        "tie": ("necktie",),
        "cap": ("baseball cap",),
        "hat": (),
        "scarf": ("scarves",),
        "muffler": (),
        "watch": ("wrist watch",),
        "sunglasses": (),
    }
)

SLEEVES: Words = FrozenDict(
    {
        "sleeveless": ("=no sleeve", "=none", "=without"),
        "short sleeve": ("=short", "short sleeved", "half sleeve", "half sleeved", "=half"),
        "three quarter sleeve": ("=three quarter", "=3 4", "3 4 sleeve", "three fourth sleeve"),
        "long sleeve": (
            "=long",
            "long sleeved",
            "longsleeve",
            "full sleeve",
            "full sleeved",
            "=full",
        ),
    }
)

NECKS: Words = FrozenDict(
    {
        "polo neck": ("=polo", "polo tshirt", "polo tee", "polo shirt", "polo collar"),
        "v neck": ("=v", "v neckline"),
        "crew neck": ("=crew", "=round", "round neck", "crewneck"),
        "hood": ("hooded", "hoodie", "hoody"),
        "henley": ("henley neck",),
        "turtle neck": ("=turtle", "turtleneck", "roll neck", "high neck", "mock neck"),
        "square neck": ("=square",),
        "scoop neck": ("=scoop", "=boat", "boat neck", "wide neck"),
        "halter": ("halter neck",),
        "mandarin collar": ("=mandarin", "band collar"),
    }
)

LENGTHS: Words = FrozenDict(
    {
        "cropped": ("=crop", "crop top"),
        "mini length": ("=mini", "mini skirt", "mini dress"),
        "knee length": ("=knee", "bermuda"),
        "midi length": ("=midi", "midi skirt", "midi dress"),
        "three quarter length": ("=capri", "three fourth", "=3 4"),
        "ankle length": ("=ankle",),
        "maxi length": ("=maxi", "maxi skirt", "maxi dress", "=floor", "floor length"),
    }
)

PATTERNS: Words = FrozenDict(
    {
        "check": ("checked", "checkered", "chequered", "plaid", "tartan", "gingham"),
        "striped": ("stripe", "pinstripe", "pinstriped", "striper"),
        "dots": ("dot", "dotted", "polka", "polka dot", "polka dotted"),
        "floral": ("flower", "flowery", "flower print", "floral print", "flower pattern"),
        "camouflage": ("camo", "camouflaged"),
        "animal": ("leopard", "zebra", "snake print", "animal print", "tiger print"),
        "paisley": (),
        "argyle": (),
        "colour block": ("color block", "colourblock", "colorblock"),
        "embroidered": ("embroidery", "embroidary", "embroided"),
        "printed": ("print", "graphic print", "graphic printed"),
        "graphic": (),
        "melange": ("heather", "heathered", "marl"),
        "washed": ("acid wash", "stone washed", "stonewashed"),
        "solid": ("plain", "=uni"),
    }
)

COLOURS: Words = FrozenDict(
    {
        "black": ("jet black",),
        "white": ("bright white", "pure white"),
        "off white": ("offwhite", "ivory", "ecru"),
        "grey": ("gray",),
        "grey melange": ("gray melange", "=melange"),
        "charcoal": ("charcoal grey", "anthracite"),
        "navy blue": ("navy", "=marine", "dark blue"),
        "blue": ("royal blue", "indigo"),
        "light blue": ("sky blue", "pale blue"),
        "turquoise blue": ("turquoise", "=aqua"),
        "teal": (),
        "green": (),
        "sea green": (),
        "fluorescent green": ("neon green", "lime green", "lime"),
        "olive": ("olive green",),
        "khaki": (),
        "brown": (),
        "coffee brown": ("coffee", "chocolate"),
        "tan": ("=camel",),
        "taupe": (),
        "beige": ("=sand",),
        "cream": (),
        "skin": ("=nude",),
        "red": ("bright red",),
        "maroon": ("=wine",),
        "burgundy": ("bordeaux",),
        "rust": (),
        "orange": (),
        "peach": ("=apricot", "=coral"),
        "mustard": (),
        "yellow": (),
        "gold": ("golden", "rose gold", "rosegold"),
        "pink": ("=rose",),
        "magenta": ("fuchsia", "hot pink"),
        "purple": ("violet", "=plum"),
        "lavender": ("lilac", "mauve"),
        "silver": ("silver toned",),
        "steel": (),
        "bronze": (),
        "copper": (),
        "multi": ("multicolour", "multicolor", "multicoloured", "multicolored", "assorted"),
    }
)

GENDERS: Words = FrozenDict(
    {
        "male": ("man", "men", "boy", "gent"),
        "female": ("woman", "women", "girl", "lady"),
        "unisex": (),
    }
)

_TSHIRT = re.compile(r"\bt[\s-]?shirt")
_WORD = re.compile(r"[^\W_]+")


def tokens(text: str) -> list[str]:
    """The words of a text in order: lower case, singular, without apostrophes and hyphens.

    "Men's T-Shirts (Navy)" gives ``["men", "tshirt", "navy"]``.
    """
    plain = text.casefold().replace("'", "").replace("’", "")
    if "shirt" in plain:
        plain = _TSHIRT.sub("tshirt", plain)
    return list(map(_singular, _WORD.findall(plain)))


@functools.lru_cache(maxsize=20_000)
def _singular(word: str) -> str:
    if word in PLURAL or len(word) < 4 or word.endswith("ss"):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y" if len(word) > 4 else word[:-1]
    if word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    return word.removesuffix("s")


def normal(text: str) -> str:
    """The normal form in which whole values are compared: "navy blue" for "Navy-Blue "."""
    return " ".join(tokens(text))


class Finder:
    """Finds the labels of one table, for whole values and inside longer texts."""

    def __init__(self, words: Words) -> None:
        self._value: dict[str, str] = {}
        self._word: dict[str, str] = {}
        for word, others in words.items():
            for phrase in (word, *others):
                self._value.setdefault(normal(phrase), word)
                if not phrase.startswith("="):
                    self._word.setdefault(normal(phrase), word)
        self._rank = {word: rank for rank, word in enumerate(words)}
        self._first = {phrase.partition(" ")[0] for phrase in self._word}
        self._longest = max((phrase.count(" ") + 1 for phrase in self._word), default=0)

    def value(self, text: str) -> str | None:
        """The label of a whole value, or None."""
        return self._value.get(normal(text))

    def rank(self, word: str) -> int:
        """The position of a label in the table."""
        return self._rank[word]

    def spans(self, parts: list[str]) -> list[tuple[int, int, str]]:
        """Every ``(start, stop, label)`` in a token list; of overlapping phrases, the longest."""
        found: list[tuple[int, int, str]] = []
        if self._first.isdisjoint(parts):
            return found
        at = 0
        while at < len(parts):
            if parts[at] not in self._first:
                at += 1
                continue
            for length in range(min(self._longest, len(parts) - at), 0, -1):
                word = self._word.get(" ".join(parts[at : at + length]))
                if word is not None:
                    found.append((at, at + length, word))
                    break
            at = found[-1][1] if found and found[-1][0] == at else at + 1
        return found
