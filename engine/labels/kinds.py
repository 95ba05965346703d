"""The kind of a product: what it is worn as or used for, such as footwear or a bag.

Types of one kind can stand in for each other: a customer who views a jumper may like a sweatshirt.
Types of different kinds cannot, however alike they look: a necklace is no answer to a watch. The
kind is read from the words of the category path, the narrowest name first, so it costs no photo and
no title. A path without a word of `KINDS` is of no known kind, and fits all.
"""

import functools
import re

from catalog.frozen_dict import FrozenDict
from catalog.vocabulary import category_path
from engine.labels.vocabulary import Finder, Words, normal, tokens, word_set


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


KINDS: Words = FrozenDict(
    {
        "tops": _words(
            "tshirt, tee, tee shirt, polo shirt, polo, longsleeve, long sleeve, shirt, blouse, top,"
            "tank, tank top, tunic, kurta, kurti, sweater, jumper, pullover, cardigan, knitwear,"
            "sweatshirt, hoodie, hoody, fleece, jacket, rain jacket, blazer, coat, trench, parka,"
            "waistcoat, gilet, poncho, shrug, nehru jacket, outerwear, outwear, topwear,"
            "kurta set, overcoat, anorak, windbreaker, crop top"
        ),
        "bottoms": _words(
            "jeans, trousers, chinos, pants, pant, track pant, track pants, joggers, leggings,"
            "legging, jeggings, jegging, shorts, short, capris, capri, culottes, bottomwear,"
            "churidar, salwar, patiala, lounge pants, lounge shorts, cargo pants, bermuda"
        ),
        "skirts": _words("skirt, miniskirt, skort"),
        "whole outfits": _words(
            "dress, gown, frock, jumpsuit, playsuit, romper, dungarees, overalls, tracksuit, suit,"
            "sari, saree, lehenga, lehenga choli, salwar and dupatta, shirt dress, clothing set"
        ),
        "underwear": _words(
            "bra, bras, brief, briefs, boxer, boxers, trunk, trunks, innerwear, innerwear vest,"
            "undershirt, underwear, lingerie, camisole, shapewear, panty, thong"
        ),
        "nightwear": _words(
            "nightwear, nightdress, nightgown, night suit, nightsuit, pyjamas, pyjama, pajama,"
            "pajamas, bathrobe, bath robe, robe, baby doll, loungewear"
        ),
        "swimwear": _words("swimwear, swimsuit, bikini, swim short, swim shorts, swimming trunks"),
        "legwear": _words("sock, tights, stocking, hosiery, legwear"),
        "footwear": _words(
            "shoe, sneaker, trainer, boot, bootie, heel, high heel, flat, sandal, flip flop,"
            "flipflop, slipper, loafer, ballerina, mule, clog, footwear, pump, moccasin,"
            "espadrille, running shoe, sports shoe"
        ),
        "bags": _words(
            "bag, handbag, hand bag, backpack, rucksack, clutch, tote, duffel, trolley,"
            "messenger, pouch, satchel, luggage, suitcase, tablet sleeve"
        ),
        "wallets": _words("wallet, purse, card holder, cardholder"),
        "belts": _words("belt, suspender, braces"),
        "headwear": _words("cap, hat, beanie, headband, headwear, beret, turban, visor, bandana"),
        "scarves": _words("scarf, scarves, muffler, stole, shawl, dupatta, snood, pashmina"),
        "ties": _words("tie, necktie, bow tie, pocket square"),
        "gloves": _words("glove, mitten"),
        "watches": _words("watch, wrist watch, wristwatch, smartwatch"),
        "eyewear": _words("sunglasses, glasses, eyewear, spectacles, goggles"),
        "jewellery": _words(
            "necklace, chain, ring, earring, bracelet, bangle, pendant, jewellery, jewelry,"
            "anklet, brooch, cufflink, charm, jewellery set"
        ),
        "umbrellas": _words(
            "umbrella",
        ),
        "fragrances": _words("perfume, deodorant, fragrance, body mist, cologne, aftershave"),
        "cosmetics": _words(
            "lipstick, lip gloss, nail polish, mascara, eyeliner, kajal, foundation, concealer,"
            "make up, makeup, lotion, moisturiser, moisturizer, shampoo, cosmetic, skin care,"
            "sunscreen, face wash, eyeshadow, compact, highlighter, blush"
        ),
        "sports equipment": _words("football, ball, racket, basketball, sports equipment, bat"),
    }
)
# A name with one of these is no product of the kind that it mentions: "Shoe Accessories".
_BESIDE = word_set("accessories accessory gift care")
_JOINTS = re.compile(r"[&,/+]|\band\b", re.IGNORECASE)
_FINDER = Finder(KINDS)


@functools.lru_cache(maxsize=10_000)
def kind_of(path: str | None) -> str | None:
    """The kind of the products in a category path such as "Apparel > Tops > T-shirts".

    Names are read from the narrowest to the widest, and the first that has a word of a kind
    decides. Of several words in a name the last one counts, as in "Dress Shoes"; a name that lists
    several kinds ("Bags & Belts") says that the kind is not known.

    Returns:
        A key of `KINDS`; None if it is not known.
    """
    for name in reversed(category_path.split(path)):
        kinds = _kinds_in(name)
        if kinds:
            return kinds[-1] if len(set(kinds)) == 1 or not _JOINTS.search(name) else None
    return None


def _kinds_in(name: str) -> list[str]:
    whole = _FINDER.value(name)
    if whole is not None:
        return [whole]
    words = tokens(name)
    return [] if _BESIDE & set(words) else [kind for _, _, kind in _FINDER.spans(words)]


@functools.lru_cache(maxsize=10_000)
def type_of(path: str | None) -> str | None:
    """The type of the products in a category path: its narrowest name in normal form."""
    return (normal(category_path.leaf(path)) or None) if path else None
