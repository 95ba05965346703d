"""Named colours, and which of them go well together."""

from random import Random

import numpy as np

from catalog.sample.shapes.arrays import Float32

Rgb = Float32  # (3,) float32 in [0, 1], sRGB

HEX_CODES = {
    "white": "f4f3ef",
    "cream": "efe4cd",
    "beige": "d6c2a1",
    "camel": "bd8d56",
    "brown": "6e4a33",
    "black": "23232a",
    "charcoal": "4a4b52",
    "grey": "9a9ba0",
    "silver": "c6c8cc",
    "navy": "232f57",
    "blue": "2f62b8",
    "light blue": "9dc3e6",
    "denim blue": "4d6f9c",
    "turquoise": "35aeb2",
    "teal": "1c6f74",
    "green": "3a8a4f",
    "olive": "6f7040",
    "khaki": "a89a6b",
    "mint": "a9dcc2",
    "sage": "a3b296",
    "yellow": "f2cf45",
    "mustard": "c99624",
    "orange": "e8792c",
    "rust": "a94f2b",
    "coral": "f2786b",
    "red": "c62a33",
    "burgundy": "6f1d33",
    "pink": "f0a9bd",
    "fuchsia": "cf2f86",
    "lilac": "bda6d8",
    "purple": "6d3f97",
    "gold": "c9a449",
}


def rgb(code: str) -> Rgb:
    """The colour of a hexadecimal code, such as "f4f3ef"."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], dtype=np.float32)


COLOURS: dict[str, Rgb] = {name: rgb(code) for name, code in HEX_CODES.items()}

# Colours that go well with each colour, for the second and third colour of a pattern.
_PARTNERS: dict[str, str] = {
    "white": "navy,black,red,light blue,green,pink,camel",
    "cream": "rust,navy,olive,camel,burgundy,teal",
    "beige": "white,brown,navy,black,sage",
    "camel": "cream,black,navy,white,brown",
    "brown": "cream,beige,camel,light blue,mustard",
    "black": "white,grey,red,cream,gold,pink",
    "charcoal": "white,light blue,mustard,silver,burgundy",
    "grey": "white,navy,black,pink,charcoal",
    "silver": "charcoal,white,navy,lilac",
    "navy": "white,red,cream,light blue,mustard",
    "blue": "white,navy,light blue,yellow,cream",
    "light blue": "white,navy,blue,cream,coral",
    "denim blue": "white,cream,navy,camel",
    "turquoise": "white,navy,coral,cream",
    "teal": "cream,mustard,white,mint,pink",
    "green": "white,cream,navy,pink,yellow",
    "olive": "cream,black,beige,orange,white",
    "khaki": "white,olive,brown,navy",
    "mint": "white,teal,coral,cream",
    "sage": "cream,white,olive,rust",
    "yellow": "white,navy,grey,green,orange",
    "mustard": "cream,navy,brown,white,teal",
    "orange": "white,navy,cream,burgundy",
    "rust": "cream,navy,mustard,beige,pink",
    "coral": "white,cream,navy,turquoise",
    "red": "white,navy,cream,black,pink",
    "burgundy": "cream,pink,camel,navy,white",
    "pink": "white,red,burgundy,cream,green",
    "fuchsia": "white,orange,navy,pink",
    "lilac": "white,purple,cream,sage",
    "purple": "lilac,white,gold,black",
    "gold": "black,cream,white,brown",
}

PARTNERS: dict[str, tuple[str, ...]] = {
    name: tuple(listed.split(",")) for name, listed in _PARTNERS.items()
}

NEUTRALS = ("white", "cream", "beige", "black", "charcoal", "grey", "navy", "brown", "camel")


def companions(colour: str, random: Random, count: int = 2) -> tuple[str, ...]:
    """``count`` other colours that go well with ``colour``, chosen at random."""
    return tuple(random.sample(PARTNERS[colour], count))


def luma(colour: Rgb) -> float:
    """The perceived lightness of a colour, 0 to 1."""
    return float(colour @ np.array([0.299, 0.587, 0.114], dtype=np.float32))


def shade(colour: Rgb, amount: float) -> Rgb:
    """A darker (``amount`` below 0) or lighter colour; -1 is black and 1 is white."""
    if amount < 0:
        return colour * np.float32(1 + amount)
    return colour + (1 - colour) * np.float32(amount)


def blend(first: Rgb, second: Rgb, share: float) -> Rgb:
    """A mixture of two colours, with ``share`` (0 to 1) of the second."""
    return first + (second - first) * np.float32(share)
