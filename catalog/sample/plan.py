"""Plans the products of a sample shop: an endless, reproducible list of designs and colourways."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from catalog.sample import names
from catalog.sample.garments.wardrobe import KINDS, Kind
from catalog.sample.painting.fabric import FABRICS
from catalog.sample.shapes.palette import COLOURS, NEUTRALS, companions
from catalog.sample.shapes.style import Style

_WEIGHTS = [kind.weight for kind in KINDS]


@dataclass(frozen=True, slots=True)
class PlannedProduct:
    """The ground truth of one product, before anything is drawn.

    ``second`` and ``third`` are the other colours of the pattern; ``shots`` are the kinds of its
    photos; ``sale_price`` is empty for most.
    """

    index: int
    product_id: str
    group_id: str
    title: str
    brand: str
    category: tuple[str, str]
    gender: str
    age_group: str
    style: Style
    fabric: str
    pattern: str
    scale: float
    colour: str
    second: str
    third: str
    price: str
    sale_price: str
    availability: str
    shots: tuple[str, ...]

    @property
    def photos(self) -> tuple[str, ...]:
        """The paths of the photos, relative to the catalogue's folder."""
        return tuple(f"photos/{self.product_id}-{n}.jpg" for n in range(1, len(self.shots) + 1))


def plan(products: int, seed: int) -> Iterator[PlannedProduct]:
    """The first ``products`` products of the shop with this ``seed``.

    A smaller shop is the beginning of a larger one, so a catalogue grows without redrawing photos.
    """
    index = group = 0
    while index < products:
        for product in _design(seed, group, index):
            if index == products:
                return
            yield product
            index += 1
        group += 1


def _design(seed: int, group: int, index: int) -> Iterator[PlannedProduct]:
    """All colourways of one design."""
    random = Random(f"{seed} design {group}")
    kind = random.choices(KINDS, _WEIGHTS)[0]
    kids = random.random() < kind.kids
    style = Style(
        kind.name,
        random.choice(kind.sleeves),
        random.choice(kind.necks),
        random.choice(kind.lengths),
        random.choice(kind.cuts),
        random.randrange(2**31),
        kids,
    )
    gender = random.choice(kind.genders)
    style = _corrected(style, gender)
    fabric = random.choice(kind.fabrics)
    pattern = _pattern(kind, fabric, random)
    brand = names.brand("kids" if kids else kind.segment, random)
    words = (style.cut, style.neck, style.length)
    noun = ("Kids’ " if kids else "") + kind.noun
    design_name = names.design_name(pattern, FABRICS[fabric].word, noun, words, random)
    price = names.price(*kind.price, random)
    # A generator of its own, so that sales change nothing else about the shop.
    sale = names.sale_price(price, Random(f"{seed} sale {group}"))
    scale = random.choice((0.6, 0.8, 1.0, 1.0, 1.25))
    for offset, colour in enumerate(_colourways(kind, pattern, random)):
        second, third = companions(colour, random)
        yield PlannedProduct(
            index + offset,
            f"LK{index + offset + 1:06d}",
            f"LG{group + 1:06d}",
            f"{brand} {design_name}, {colour.title()}",
            brand,
            kind.category,
            gender,
            "kids" if kids else "adult",
            style,
            fabric,
            pattern,
            scale,
            colour,
            second,
            third,
            price,
            sale,
            random.choices(("in_stock", "out_of_stock", "preorder"), (92, 6, 2))[0],
            _shots(kind, random),
        )


def _corrected(style: Style, gender: str) -> Style:
    """Replaces combinations of attributes that no shop would sell."""
    if style.type == "boots" and style.cut == "chelsea":
        return replace(style, length="ankle")
    if style.neck == "straps":
        return (
            replace(style, sleeve="sleeveless")
            if gender == "female"
            else replace(style, neck="crew")
        )
    if gender != "female" and style.length == "cropped":
        return replace(
            style,
            length="hip"
            if style.type.endswith("jacket")
            else "regular"
            if style.sleeve
            else "full",
        )
    if gender == "male" and style.cut in {"flared", "fitted"}:
        return replace(style, cut="straight" if style.cut == "flared" else "slim")
    if style.childish and style.length == "maxi":
        return replace(style, length="midi")
    return style


def _pattern(kind: Kind, fabric: str, random: Random) -> str:
    """A random pattern that suits the kind and the fabric."""
    if fabric in {"leather", "suede", "denim", "cable", "corduroy"} and random.random() < 0.85:
        return "plain"
    if random.random() < 0.26:
        return kind.patterns[0]
    return random.choice(kind.patterns)


def _colourways(kind: Kind, pattern: str, random: Random) -> list[str]:
    """One to four different colours; neutral ones are more frequent, as in shops."""
    choices = list(kind.colours or COLOURS)
    if pattern == "animal":
        choices = ["beige", "camel", "cream", "white", "grey", "pink", "rust", "light blue"]
    weights = [1.7 if colour in NEUTRALS else 1.0 for colour in choices]
    chosen: list[str] = []
    for _ in range(random.choices((1, 2, 3, 4), (38, 27, 22, 13))[0]):
        colour = random.choices(choices, weights)[0]
        if colour not in chosen:
            chosen.append(colour)
    return chosen


def _shots(kind: Kind, random: Random) -> tuple[str, ...]:
    """Two to four kinds of photo, the first of them one that suits a lead photo."""
    count = random.choices((2, 3, 4), (35, 45, 20))[0]
    if kind.segment == "shoes":
        lead, others = ["studio", "shelf"], ["studio", "shelf", "close", "flip"]
    elif kind.segment == "bags":
        lead, others = ["studio", "shelf", "flat"], ["studio", "shelf", "close", "hanger"]
    else:
        lead, others = (
            ["studio", "studio", "flat", "hanger"],
            ["studio", "flat", "hanger", "close", "back"],
        )
    first = random.choice(lead)
    rest = [shot for shot in others if shot != first]
    return (first, *random.sample(rest, min(count - 1, len(rest))))
