"""Words of queries that mean the same, such as trainers and sneakers.

They are applied to the query and not to the texts, so a shop may change its own at any time:
the section ``[search]`` of LOOKALIKE_WORDS.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from catalog.search.documents import words_of
from catalog.vocabulary.colours import COLOURS
from catalog.vocabulary.synonyms import search_words

MAX_PHRASE = 3  # words of a synonym
MAX_MEANINGS = 24  # texts that one word of a query stands for
Phrase = tuple[str, ...]
GROUPS = (
    "trainers, sneakers, sports shoes, running shoes, tennis shoes, gym shoes",
    "heels, high heels, stilettos, pumps",
    "tshirt, tee, tees",
    "sweater, jumper, pullover, knitwear",
    "hoodie, hooded sweatshirt, hoody",
    "trousers, pants, slacks, chinos",
    "jeans, denims, denim trousers",
    "sunglasses, shades",
    "handbag, purse, bag, tote",
    "backpack, rucksack, knapsack",
    "wallet, billfold",
    "swimsuit, bathing suit, swimwear, swimming costume, bikini",
    "underwear, briefs, innerwear, trunks, boxers, underpants",
    "lingerie, bra, bras",
    "leggings, tights, stockings",
    "scarf, scarves, muffler, stole",
    "hat, cap, beanie, headwear",
    "tie, necktie",
    "flipflops, thongs, slippers",
    "jacket, coat, outerwear, blazer, parka, anorak",
    "waistcoat, vest, gilet",
    "nightwear, sleepwear, pyjamas, pajamas, nightdress, nightgown",
    "tracksuit, jogging suit",
    "track pants, joggers, jogging bottoms, sweatpants, tracksuit bottoms",
    "jewellery, jewelry, jewels",
    "perfume, fragrance, cologne, eau de toilette",
    "necklace, pendant, chain",
    "watch, wristwatch, timepiece",
    "shoes, footwear",
    "dress, gown, frock",
    "shirt, button down, blouse",
    "kids, children, childrens, child, kid, junior",
    "girls, girl",
    "boys, boy",
    "women, woman, womens, ladies, lady, female",
    "men, man, mens, gents, gentlemen, male",
    "unisex, gender neutral",
    "checked, check, checkered, chequered, plaid, tartan",
    "striped, stripes, stripe, pinstripe",
    "flowery, floral, flowers, flowered",
    "spotted, polka dot, dotted, dots",
    "grey, gray",
    "multicoloured, multicolored, multi, multicolour, multicolor",
)
Meanings = Mapping[Phrase, tuple[Phrase, ...]]


def singular(word: str) -> str:
    """A word without its ending of the plural: shoes and shoe are one word in the tables."""
    if len(word) > 4 and word.endswith(("shes", "ches", "xes", "sses")):
        return word[:-2]
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] != "s" else word


def key_of(words: Iterable[str]) -> Phrase:
    """What a phrase is looked up by."""
    return tuple(singular(word) for word in words)


@cache
def meanings(path: Path | None) -> Meanings:
    """Phrase -> all phrases that mean the same, itself included.

    Args:
        path: the shop's file of words; what it lists counts as well.

    Raises:
        catalog.errors.SettingsError: the file cannot be read.
    """
    found: dict[Phrase, dict[Phrase, None]] = {}
    tables = (search_words(path), COLOURS)
    own, colours = ([(name, *words) for name, words in table.items()] for table in tables)
    for group in (*own, *(line.split(", ") for line in GROUPS), *colours):
        phrases = [tuple(words_of(text)[:MAX_PHRASE]) for text in group]
        phrases = [phrase for phrase in phrases if phrase]
        for phrase in phrases:
            found.setdefault(key_of(phrase), {}).update(dict.fromkeys(phrases))
    return {key: tuple(group)[:MAX_MEANINGS] for key, group in found.items()}


def grouped(words: list[str], table: Meanings) -> list[tuple[Phrase, tuple[Phrase, ...]]]:
    """The phrases of a query, each with what it may also be called; the longest ones first."""
    groups: list[tuple[Phrase, tuple[Phrase, ...]]] = []
    at = 0
    while at < len(words):
        for length in range(min(MAX_PHRASE, len(words) - at), 0, -1):
            phrase = tuple(words[at : at + length])
            same = table.get(key_of(phrase))
            if same is not None or length == 1:
                groups.append((phrase, tuple(dict.fromkeys((phrase, *(same or ()))))))
                at += length
                break
    return groups
