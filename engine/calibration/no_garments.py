"""Pictures that show no garment: what a photo test learns to tell from customers' photos.

Blank and shaded surfaces, grain, clouds, tiles, pages of text and simple faces are drawn; a
landscape, a flower and a portrait come with scikit-learn and matplotlib. Corners of customers' own
photos (`corner`) show the floors, beds and walls that garments lie on.
"""

import string
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from sklearn.datasets import load_sample_image

from engine.arrays import Float64

SIDE = 256
_EACH = 12
_PAPERS = ("white", "ivory", "black", "grey", "silver", "beige", "navy", "red", "pink", "yellow")
_SKINS = ((255, 219, 187), (224, 172, 125), (141, 85, 54), (92, 57, 38))


def pictures(seed: int = 0) -> list[Image.Image]:
    """The pictures, always the same for one seed."""
    draw = np.random.default_rng(seed)
    found = [Image.new("RGB", (SIDE, SIDE), colour) for colour in _PAPERS]
    for _ in range(_EACH):
        found += [_shade(draw), _grain(draw), _clouds(draw), _tiles(draw), _page(draw), _face(draw)]
    for name in ("china.jpg", "flower.jpg"):
        picture = Image.fromarray(load_sample_image(name))
        found += [picture, *(_crop(picture, draw) for _ in range(_EACH))]
    portrait = Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    if portrait.exists():
        with Image.open(portrait) as opened:
            whole = opened.convert("RGB")
        face = whole.crop((whole.width // 4, 0, 3 * whole.width // 4, whole.height // 2))
        found += [face, *(_crop(face, draw) for _ in range(_EACH // 2))]
    return found + [_worse(picture, draw) for picture in found[len(_PAPERS) :]]


def corner(photo: Image.Image) -> Image.Image:
    """The upper left fifth of a photo, enlarged: mostly what a garment lies on."""
    side = max(1, min(photo.size) // 5)
    return photo.crop((0, 0, side, side)).resize((SIDE, SIDE))


def _worse(picture: Image.Image, draw: np.random.Generator) -> Image.Image:
    """The picture as a bad camera sees it: small, shaded, grainy, or grey."""
    width = int(draw.integers(24, 160))
    small = picture.resize((width, max(1, width * picture.height // picture.width)))
    pixels = np.asarray(small, dtype=np.float64)
    left, right = draw.uniform(0.4, 1.1, 2)
    shade = np.linspace(left, right, small.width)[None, :, None]
    worse = _image(pixels * shade + draw.normal(0, draw.uniform(0, 12), pixels.shape))
    if draw.random() < 0.5:
        worse = worse.convert("L").convert("RGB")
    return worse.resize((SIDE, SIDE * small.height // small.width))


def _image(pixels: Float64) -> Image.Image:
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _shade(draw: np.random.Generator) -> Image.Image:
    light, dark = draw.integers(0, 256, (2, 3))
    share = np.linspace(0, 1, SIDE)[:, None, None]
    pixels = (1 - share) * light + share * dark + np.zeros((SIDE, SIDE, 3))
    return _image(pixels if draw.random() < 0.5 else pixels.transpose(1, 0, 2))


def _grain(draw: np.random.Generator) -> Image.Image:
    base = draw.integers(0, 256, 3)
    return _image(base + draw.normal(0, draw.uniform(3, 90), (SIDE, SIDE, 1 + 2 * (base[0] % 2))))


def _clouds(draw: np.random.Generator) -> Image.Image:
    cells = int(draw.integers(3, 24))
    small = _image(draw.integers(0, 256, 3) + draw.normal(0, 40, (cells, cells, 3)))
    return small.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def _tiles(draw: np.random.Generator) -> Image.Image:
    image = _grain(draw)
    pen, joint = ImageDraw.Draw(image), tuple(draw.integers(0, 256, 3).tolist())
    width, height = (int(side) for side in draw.integers(24, 90, 2))
    for row, y in enumerate(range(0, SIDE, height)):
        pen.line((0, y, SIDE, y), fill=joint, width=3)
        for x in range((row % 2) * width // 2, SIDE, width):
            pen.line((x, y, x, y + height), fill=joint, width=3)
    return image


def _page(draw: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (SIDE, SIDE * 4 // 3), "white" if draw.random() < 0.7 else "ivory")
    pen, letters = ImageDraw.Draw(image), np.array([*string.ascii_lowercase, *"     "])
    for y in range(16, image.height - 16, int(draw.integers(11, 20))):
        pen.text((14, y), "".join(draw.choice(letters, int(draw.integers(20, 38)))), fill="black")
    return image


def _face(draw: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (SIDE, SIDE), tuple(draw.integers(90, 256, 3).tolist()))
    pen = ImageDraw.Draw(image)
    skin = _SKINS[int(draw.integers(len(_SKINS)))]
    hair = tuple(draw.integers(0, 110, 3).tolist())
    wide, high = int(draw.integers(55, 85)), int(draw.integers(80, 110))
    x, y = SIDE // 2 + int(draw.integers(-15, 16)), SIDE // 2
    pen.ellipse((x - wide - 12, y - high - 20, x + wide + 12, y + high // 2), fill=hair)
    pen.ellipse((x - wide, y - high, x + wide, y + high), fill=skin)
    for side in (-1, 1):
        eye = x + side * wide // 2
        pen.ellipse((eye - 12, y - 26, eye + 12, y - 12), fill="white")
        pen.ellipse((eye - 5, y - 24, eye + 5, y - 14), fill=hair)
    pen.line((x, y - 8, x - 6, y + 22), fill=hair, width=2)
    pen.arc((x - 28, y + 24, x + 28, y + 54), 10, 170, fill=(150, 40, 40), width=5)
    return image.filter(ImageFilter.GaussianBlur(float(draw.uniform(0, 2))))


def _crop(picture: Image.Image, draw: np.random.Generator) -> Image.Image:
    side = int(min(picture.size) * draw.uniform(0.3, 0.9))
    left = int(draw.integers(0, picture.width - side + 1))
    top = int(draw.integers(0, picture.height - side + 1))
    return picture.crop((left, top, left + side, top + side))
