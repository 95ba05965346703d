"""Takes the photos of a planned product: its colours, its pose, and one photo per shot."""

from random import Random

from PIL import Image

from catalog.sample.garments.wardrobe import BY_NAME
from catalog.sample.painting.canvas import Look
from catalog.sample.painting.scene import photograph, stage
from catalog.sample.plan import PlannedProduct
from catalog.sample.shapes.palette import COLOURS, Rgb, blend, luma, rgb, shade
from catalog.sample.shapes.parts import Print
from catalog.sample.shapes.style import Pose

_METALS = ("d9d9dc", "cfae6a", "8d8a86")


def take_photo(product: PlannedProduct, number: int, seed: int) -> Image.Image:
    """Photo ``number`` (from 0) of a product of the shop with this ``seed``."""
    shot = product.shots[number]
    random = Random(f"{seed} photo {product.index} {number}")
    scene = stage("studio" if shot == "flip" else shot, random)
    pose = Pose(1.0 if shot == "flip" else scene.droop, shot == "back", random.randrange(2**31))
    garment = BY_NAME[product.style.type].build(product.style, pose)
    if pose.back:  # prints are on the front only
        garment.items = [item for item in garment.items if not isinstance(item, Print)]
    return photograph(garment, look(product), scene, [seed, product.index, number])


def look(product: PlannedProduct) -> Look:
    """The fabric, pattern and colours of a product."""
    random = product.style.random()
    main, second, third = (COLOURS[c] for c in (product.colour, product.second, product.third))
    if product.pattern == "animal":
        second, third = COLOURS["black"], blend(main, COLOURS["rust"], 0.45)
    dark = luma(main) < 0.35
    white, black = COLOURS["white"], COLOURS["black"]
    leather = COLOURS[random.choice(("brown", "camel", "black", "burgundy"))]
    contrast = random.random() < 0.5
    tan = product.colour in {"brown", "camel", "rust"}
    dyes: dict[str, Rgb] = {
        "main": main,
        "second": second,
        "third": third,
        "trim": second if contrast else main,
        "lining": COLOURS["beige"] if dark else shade(main, 0.35),
        "button": shade(main, 0.45) if dark else shade(main, -0.45),
        "label": rgb("f0ebde"),
        "metal": rgb(random.choice(_METALS)),
        "string": white if contrast else shade(main, -0.2),
        "lace": white if contrast or dark else shade(main, -0.3),
        "sole": random.choice((white, white, COLOURS["cream"], black)),
        "dark": shade(COLOURS["brown"], -0.4) if tan else black,
        "thread": rgb("c98b3e"),
        "leather": leather,
        "strap": main if product.fabric in {"leather", "suede", "nylon"} else leather,
        "wood": rgb("b98a58"),
        "rail": rgb("8f8d8a"),
    }
    seed = product.style.seed % 100_003
    return Look(product.fabric, product.pattern, product.scale, seed, dyes)
