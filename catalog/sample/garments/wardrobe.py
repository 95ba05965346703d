"""All kinds of garments, with their cuts, fabrics, patterns, prices and so on."""

from collections.abc import Callable
from dataclasses import dataclass

from catalog.sample.garments import (
    bags,
    bottoms,
    dress_shoes,
    dresses,
    knits,
    outerwear,
    shoes,
    skirts,
    tops,
)
from catalog.sample.shapes.parts import Garment
from catalog.sample.shapes.style import Pose, Style

Builder = Callable[[Style, Pose], Garment]

_LEATHERS = ("black", "brown", "camel", "beige", "white", "burgundy", "navy", "red", "olive",
    "cream", "rust", "pink",
             "green", "grey", "mustard", "teal", "gold", "silver")  # fmt: skip
_DENIMS = ("denim blue", "light blue", "navy", "black", "grey", "white", "charcoal")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of garment.

    Attributes:
        name: the ``type`` in the catalogue.
        noun: the kind in titles.
        category: the names of its category path.
        build: builds the garment from a style and a pose.
        genders: equally likely, as are all tuples of choices below; repeats are more likely.
        segment: of brands, see `catalog.sample.names.BRANDS`.
        price: the range of prices.
        fabrics: the choices of fabrics.
        patterns: the choices of patterns; the first one is the most frequent.
        cuts: the choices of cuts.
        sleeves: the choices of sleeve lengths.
        necks: the choices of necklines.
        lengths: the choices of lengths.
        colours: the choices of colours; empty for all.
        kids: the share of children's products.
        weight: the relative frequency of the kind.
    """

    name: str
    noun: str
    category: tuple[str, str]
    build: Builder
    genders: tuple[str, ...]
    segment: str
    price: tuple[float, float]
    fabrics: tuple[str, ...]
    patterns: tuple[str, ...]
    cuts: tuple[str, ...] = ("regular",)
    sleeves: tuple[str, ...] = ("",)
    necks: tuple[str, ...] = ("",)
    lengths: tuple[str, ...] = ("",)
    colours: tuple[str, ...] = ()
    kids: float = 0.0
    weight: float = 1.0


_ALL = ("female", "male", "unisex")
_F = ("female",)

KINDS: tuple[Kind, ...] = (
    Kind("t-shirt", "T-Shirt", ("Tops", "T-shirts"), tops.tshirt, _ALL, "everyday", (9, 45),
        ("jersey", "cotton"),
         ("plain", "striped", "logo print", "colour block", "tie-dye", "gradient", "dotted",
             "floral", "zigzag"),
         ("regular", "slim", "oversized", "boxy"), ("short", "short", "short", "long", "elbow"),
         ("crew", "crew", "v-neck", "scoop", "henley"), ("regular", "regular", "cropped"),
         kids=0.2, weight=1.8),
    Kind("tank top", "Tank Top", ("Tops", "Tank tops"), tops.tank, ("female", "female", "male"),
        "everyday", (9, 35),
         ("jersey", "ribbed", "satin"), ("plain", "striped", "tie-dye", "logo print", "floral",
             "gradient"),
         ("regular", "slim", "fitted"), ("sleeveless",), ("scoop", "crew", "straps"),
         ("regular", "cropped")),
    Kind("polo", "Polo Shirt", ("Tops", "Polo shirts"), tops.polo, ("male", "male", "female"),
        "everyday", (25, 70),
         ("cotton",), ("plain", "striped", "colour block", "logo print"), ("regular", "slim"),
         ("short", "short", "long"),
         ("polo",), ("regular",), kids=0.15),
    Kind("shirt", "Shirt", ("Tops", "Shirts"), tops.shirt, ("male", "male", "female"), "smart",
        (29, 110),
         ("poplin", "linen", "denim", "cotton"),
         ("plain", "vertical stripes", "check", "dotted", "floral", "striped"),
         ("regular", "slim", "oversized"), ("long", "long", "short"),
         ("shirt collar", "shirt collar", "band collar"),
         ("regular",), kids=0.1, weight=1.6),
    Kind("blouse", "Blouse", ("Tops", "Blouses"), tops.blouse, _F, "smart", (29, 120),
        ("viscose", "silk", "satin", "chiffon"),
         ("plain", "floral", "dotted", "animal", "vertical stripes", "zigzag", "gradient"),
         ("regular", "bell sleeve", "relaxed"),
         ("long", "three-quarter", "short"), ("bow", "ruffle", "v-neck", "keyhole"), ("regular",),
         weight=1.3),
    Kind("sweater", "Sweater", ("Knitwear", "Sweaters"), knits.sweater, _ALL, "everyday",
        (35, 150), ("knit", "cable", "wool", "ribbed"),
         ("plain", "striped", "zigzag", "colour block", "check", "gradient"),
         ("regular", "slim", "oversized"), ("long",),
         ("crew", "crew", "v-neck", "turtleneck", "mock"),
         ("regular", "regular", "cropped", "long"), kids=0.12, weight=1.5),
    Kind("cardigan", "Cardigan", ("Knitwear", "Cardigans"), knits.cardigan,
        ("female", "female", "male"), "everyday", (39, 140),
         ("knit", "wool", "cable"), ("plain", "striped", "colour block", "dotted"),
         ("regular", "oversized"), ("long",),
         ("v-neck", "v-neck", "crew"), ("regular", "cropped", "long")),
    Kind("sweatshirt", "Sweatshirt", ("Tops", "Sweatshirts"), knits.sweatshirt, _ALL, "street",
        (29, 90), ("fleece",),
         ("logo print", "plain", "colour block", "tie-dye", "striped"), ("regular", "oversized"),
         ("long",), ("crew",),
         ("regular", "cropped"), kids=0.2),
    Kind("hoodie", "Hoodie", ("Tops", "Hoodies"), knits.hoodie, _ALL, "street", (35, 110),
        ("fleece",),
         ("plain", "logo print", "colour block", "tie-dye", "gradient"), ("regular", "oversized"),
         ("long",), ("hood", "hood", "zip"),
         ("regular",), kids=0.2, weight=1.3),
    Kind("jeans", "Jeans", ("Bottoms", "Jeans"), bottoms.jeans, ("female", "male"), "everyday",
        (39, 140), ("denim",), ("plain",),
         ("skinny", "slim", "straight", "wide leg", "flared", "relaxed"),
         lengths=("full", "full", "ankle"), colours=_DENIMS,
         kids=0.12, weight=1.7),
    Kind("trousers", "Trousers", ("Bottoms", "Trousers"), bottoms.trousers, ("female", "male"),
        "smart", (39, 150),
         ("wool", "linen", "gabardine", "corduroy", "cotton"),
         ("plain", "plain", "vertical stripes", "check"),
         ("slim", "straight", "tapered", "wide leg", "flared"),
         lengths=("full", "full", "ankle", "cropped"), weight=1.4),
    Kind("joggers", "Joggers", ("Bottoms", "Joggers"), bottoms.joggers, _ALL, "street", (25, 80),
        ("fleece", "jersey"),
         ("plain", "logo print", "tie-dye", "colour block"), ("tapered", "relaxed"),
         lengths=("ankle",), kids=0.2),
    Kind("shorts", "Shorts", ("Bottoms", "Shorts"), bottoms.shorts, ("female", "male"),
        "everyday", (19, 65), ("cotton", "linen", "denim"),
         ("plain", "check", "vertical stripes", "floral", "logo print"),
         ("regular", "slim", "relaxed"),
         lengths=("short", "mid-thigh", "knee"), kids=0.2),
    Kind("skirt", "Skirt", ("Skirts", "Skirts"), skirts.skirt, _F, "smart", (25, 110),
        ("viscose", "satin", "wool", "denim", "leather", "cotton"),
         ("plain", "check", "floral", "dotted", "animal", "vertical stripes", "gradient"),
         ("a-line", "pencil", "pleated", "flared", "wrap", "tiered", "button-front"),
         lengths=("mini", "knee", "midi", "maxi"), weight=1.7),
    Kind("dress", "Dress", ("Dresses", "Day dresses"), dresses.dress, _F, "smart", (39, 180),
        ("viscose", "cotton", "linen", "chiffon"),
         ("floral", "plain", "dotted", "striped", "check", "zigzag", "animal", "gradient"),
         ("flared", "a-line", "wrap", "tiered", "pleated"),
         ("short", "sleeveless", "long", "three-quarter"),
         ("v-neck", "scoop", "square", "shirt collar", "boat", "straps", "peter pan"),
         ("mini", "knee", "midi", "maxi"), kids=0.12, weight=2.0),
    Kind("slip dress", "Slip Dress", ("Dresses", "Slip dresses"), dresses.slip_dress, _F, "smart",
        (49, 160), ("satin", "silk"),
         ("plain", "floral", "animal", "gradient"), ("regular",), ("sleeveless",), ("straps",),
         ("mini", "knee", "midi", "maxi"), weight=0.8),
    Kind("sheath dress", "Dress", ("Dresses", "Fitted dresses"), dresses.sheath, _F, "smart",
        (45, 170), ("ribbed", "jersey", "wool", "knit"),
         ("plain", "striped", "colour block", "check", "gradient"), ("fitted", "straight"),
         ("long", "short", "sleeveless"),
         ("crew", "boat", "turtleneck", "v-neck"), ("mini", "knee", "midi")),
    Kind("blazer", "Blazer", ("Outerwear", "Blazers"), outerwear.blazer, ("female", "male"),
        "smart", (79, 290), ("wool", "tweed", "linen", "gabardine"),
         ("plain", "check", "vertical stripes"), ("regular", "slim", "double-breasted"),
         ("long",), ("lapels",), ("hip",), weight=1.2),
    Kind("coat", "Coat", ("Outerwear", "Coats"), outerwear.coat, ("female", "male"), "smart",
        (99, 390), ("wool", "tweed", "gabardine"),
         ("plain", "plain", "check"), ("regular", "belted", "double-breasted"), ("long",),
         ("lapels",), ("thigh", "knee", "midi"), weight=1.3),
    Kind("denim jacket", "Denim Jacket", ("Outerwear", "Jackets"), outerwear.denim_jacket,
        ("female", "male"), "everyday", (55, 140), ("denim",),
         ("plain",), ("regular", "oversized"), ("long",), ("shirt collar",), ("hip", "cropped"),
         colours=_DENIMS, kids=0.1, weight=0.7),
    Kind("bomber jacket", "Bomber Jacket", ("Outerwear", "Jackets"), outerwear.bomber, _ALL,
        "street", (59, 190), ("nylon", "satin", "suede"),
         ("plain", "colour block", "logo print"), ("regular", "oversized"), ("long",), ("crew",),
         ("regular",), kids=0.1, weight=0.8),
    Kind("puffer jacket", "Puffer Jacket", ("Outerwear", "Jackets"), outerwear.puffer, _ALL,
        "outdoor", (69, 240), ("padded",),
         ("plain", "plain", "colour block"), ("regular",), ("long", "long", "sleeveless"),
         ("mock",), ("hip", "hip", "thigh", "cropped"), kids=0.15),
    Kind("leather jacket", "Biker Jacket", ("Outerwear", "Jackets"), outerwear.biker,
        ("female", "male"), "street", (99, 380), ("leather", "suede"),
         ("plain",), ("regular", "slim"), ("long",), ("lapels",), ("cropped", "hip"),
         colours=_LEATHERS, weight=0.7),
    Kind("sneakers", "Sneakers", ("Shoes", "Sneakers"), shoes.sneaker, _ALL, "shoes", (39, 150),
        ("canvas", "leather", "suede"),
         ("plain", "plain", "check", "floral", "animal"), ("low", "high-top", "chunky"),
         kids=0.15, weight=1.5),
    Kind("boots", "Boots", ("Shoes", "Boots"), shoes.boot, ("female", "male"), "shoes", (79, 260),
        ("leather", "suede"), ("plain",),
         ("chelsea", "lace-up", "heeled"), lengths=("ankle", "ankle", "mid", "knee"),
         colours=_LEATHERS, weight=1.2),
    Kind("heels", "Heels", ("Shoes", "Heels"), dress_shoes.heel, _F, "shoes", (49, 190),
        ("leather", "suede", "satin"), ("plain", "plain", "animal"),
         ("stiletto", "block", "kitten"), necks=("", "ankle strap", "bow"), colours=_LEATHERS),
    Kind("loafers", "Loafers", ("Shoes", "Loafers"), dress_shoes.loafer, ("female", "male"),
        "shoes", (59, 180), ("leather", "suede"), ("plain",),
         ("penny", "horsebit", "tassel"), colours=_LEATHERS, weight=0.8),
    Kind("tote bag", "Tote Bag", ("Bags", "Tote bags"), bags.tote, ("female", "unisex"), "bags",
        (19, 140), ("canvas", "leather", "canvas"),
         ("plain", "logo print", "striped", "floral", "check", "colour block"),
         ("soft", "structured")),
    Kind("backpack", "Backpack", ("Bags", "Backpacks"), bags.backpack, ("unisex",), "bags",
        (35, 150), ("nylon", "canvas", "leather"),
         ("plain", "plain", "logo print", "colour block", "check"), ("zipped", "roll-top"),
         kids=0.15),
    Kind("handbag", "Handbag", ("Bags", "Handbags"), bags.handbag, _F, "bags", (49, 290),
        ("leather", "suede"), ("plain", "plain", "animal", "check"),
         ("flap", "satchel", "bucket"), colours=_LEATHERS, weight=1.2),
    Kind("crossbody bag", "Crossbody Bag", ("Bags", "Crossbody bags"), bags.crossbody,
        ("female", "unisex"), "bags", (29, 150),
         ("leather", "nylon"), ("plain", "plain", "animal", "dotted", "logo print"),
         ("round", "flap", "camera"), weight=0.9),
)  # fmt: skip

BY_NAME: dict[str, Kind] = {kind.name: kind for kind in KINDS}
