"""Titles, brands and prices of the sample shop. All brands are fictitious."""

from random import Random

BRANDS: dict[str, tuple[str, ...]] = {
    "everyday": (
        "Marlow", "Tilda & Co", "Oakline", "Fernway", "Pebble Lane", "Brisk", "Halden",
        "Juniper Row",
    ),
    "smart": (
        "Ashcombe", "Verano Milo", "Lindqvist", "Carrow & Finch", "Maison Orly", "Delacroix Sud",
    ),
    "street": ("Nordkap", "Kite Club", "Stray Signal", "Low Tide", "Arcadian", "Pacific Echo"),
    "outdoor": ("Tarnfell", "Ridgeway", "Stormglass", "Birch & Brook"),
    "shoes": ("Solana", "Cobb & Lane", "Pavement", "Rue Treize", "Strider"),
    "bags": ("Satchel House", "Cassia", "Holdwell", "Mercato"),
    "kids": ("Little Heron", "Pip & Plum", "Puddlejump"),
}  # fmt: skip

_PATTERN_WORDS: dict[str, tuple[str, ...]] = {
    "plain": ("",),
    "striped": ("Striped", "Breton Stripe"),
    "vertical stripes": ("Vertical-Stripe", "Pinstripe"),
    "check": ("Checked", "Plaid", "Tartan"),
    "dotted": ("Polka-Dot", "Dotted"),
    "floral": ("Floral", "Flower-Print"),
    "gradient": ("Ombré", "Dip-Dye"),
    "colour block": ("Colour-Block",),
    "logo print": ("Logo-Print", "Graphic"),
    "zigzag": ("Zigzag", "Chevron"),
    "animal": ("Leopard-Print",),
    "tie-dye": ("Tie-Dye",),
}
_CUT_WORDS = {
    "slim": "Slim", "oversized": "Oversized", "boxy": "Boxy", "relaxed": "Relaxed",
    "skinny": "Skinny", "straight": "Straight", "tapered": "Tapered", "wide leg": "Wide-Leg",
    "flared": "Flared", "a-line": "A-Line", "pencil": "Pencil", "pleated": "Pleated",
    "wrap": "Wrap", "tiered": "Tiered", "button-front": "Button-Front",
    "double-breasted": "Double-Breasted", "belted": "Belted", "high-top": "High-Top",
    "chunky": "Chunky", "chelsea": "Chelsea", "lace-up": "Lace-Up", "heeled": "Heeled",
    "stiletto": "Stiletto", "block": "Block", "kitten": "Kitten", "horsebit": "Buckle",
    "tassel": "Tassel", "penny": "Penny", "roll-top": "Roll-Top", "bucket": "Bucket",
    "satchel": "Satchel", "flap": "Flap", "round": "Round", "structured": "Structured",
    "bell sleeve": "Bell-Sleeve", "fitted": "Fitted",
}  # fmt: skip
_NECK_WORDS = {
    "v-neck": "V-Neck", "turtleneck": "Roll-Neck", "scoop": "Scoop-Neck", "boat": "Boat-Neck",
    "square": "Square-Neck", "henley": "Henley", "band collar": "Grandad-Collar",
    "bow": "Pussy-Bow", "ruffle": "Ruffled", "mock": "Funnel-Neck", "zip": "Zip",
    "keyhole": "Keyhole", "straps": "Strappy", "ankle strap": "Ankle-Strap",
    "peter pan": "Collared",
}  # fmt: skip


def brand(segment: str, random: Random) -> str:
    """A fictitious brand of a segment."""
    return random.choice(BRANDS[segment])


def design_name(
    pattern: str,
    fabric: str,
    noun: str,
    words: tuple[str, str, str],
    random: Random,
) -> str:
    """The name of a design without brand and colour: "Oversized Striped Cotton T-Shirt".

    ``words`` are cut, neck and length. As in real shops, not every attribute is in the name.
    """
    cut, neck, length = words
    parts = []
    word = _CUT_WORDS.get(cut, "")
    if word and word.lower() not in noun.lower() and random.random() < 0.75:
        parts.append(word)
    word = _NECK_WORDS.get(neck, "")
    if word and random.random() < 0.5:
        parts.append(word)
    parts.append(random.choice(_PATTERN_WORDS[pattern]))
    if fabric and random.random() < 0.85 and fabric.lower() not in noun.lower():
        parts.append(fabric)
    if length in {"mini", "midi", "maxi", "cropped"} and random.random() < 0.75:
        parts.append(length.capitalize())
    return " ".join(part for part in [*parts, noun] if part)


def price(low: float, high: float, random: Random) -> str:
    """A retail price between about two bounds, such as 24.90 or 39.00."""
    amount = low + (high - low) * random.random() ** 1.6
    whole = int(amount) if amount < 60 else int(amount / 5) * 5 + 4
    return f"{whole}.{random.choice(('00', '90', '95', '99'))}"


def sale_price(price: str, random: Random) -> str:
    """The sale price of one design in eight, 20 to 50 % off; empty for the others."""
    if random.random() >= 0.125:
        return ""
    share = random.choice((0.5, 0.6, 0.7, 0.8))
    return f"{int(float(price) * share)}.{random.choice(('00', '90', '95', '99'))}"
