"""Printed logos of fictitious brands: a mark, a word, or both."""

import math
from collections.abc import Callable
from functools import lru_cache
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIDE = 512
Pens = tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw]

_WORDS = (
    "MARLOW", "NORD", "ATLAS", "SUNDAY", "PACIFIC", "ECHO", "RIVIERA", "WILD", "CLUB 82", "SOLEIL",
    "KITE", "HARBOUR", "NOVA", "MOSS", "ARCADE", "TEMPO", "DUNE", "FJORD", "OTTO", "CANYON",
)  # fmt: skip


def _sun(pens: Pens, random: Random) -> None:
    first, second = pens
    first.ellipse((136, 90, 376, 330), fill=255)
    for i in range(5):
        y = 222 + i * 24
        first.rectangle((120, y, 392, y + 5 + 3 * i), fill=0)
    second.polygon([(90, 330), (200, 190), (262, 262), (320, 210), (422, 330)], fill=255)
    first.polygon([(90, 330), (200, 190), (262, 262), (320, 210), (422, 330)], fill=0)


def _wave(pens: Pens, random: Random) -> None:
    for row in range(4):
        points = [
            (x, 150 + row * 52 + 24 * math.sin(x / 42 + row * 0.9)) for x in range(90, 424, 6)
        ]
        pens[row % 2].line(points, fill=255, width=22, joint="curve")


def _star(pens: Pens, random: Random) -> None:
    points = []
    spikes = random.choice((5, 6, 8))
    for i in range(2 * spikes):
        radius = 150 if i % 2 == 0 else 68
        angle = math.pi * i / spikes - math.pi / 2
        points.append((256 + radius * math.cos(angle), 205 + radius * math.sin(angle)))
    pens[0].polygon(points, fill=255)
    pens[0].ellipse((214, 163, 298, 247), fill=0)
    pens[1].ellipse((214, 163, 298, 247), fill=255)


def _rings(pens: Pens, random: Random) -> None:
    pens[0].ellipse((106, 80, 306, 280), outline=255, width=34)
    pens[1].ellipse((206, 130, 406, 330), outline=255, width=34)


def _badge(pens: Pens, random: Random) -> None:
    pens[0].ellipse((106, 66, 406, 366), fill=255)
    pens[0].ellipse((130, 90, 382, 342), outline=0, width=8)
    pens[0].polygon([(256, 130), (338, 290), (174, 290)], fill=0)
    pens[1].polygon([(256, 130), (338, 290), (174, 290)], fill=255)


def _bolt(pens: Pens, random: Random) -> None:
    pens[1].ellipse((116, 60, 396, 340), fill=255)
    bolt = [(290, 40), (160, 220), (250, 220), (214, 366), (356, 170), (268, 170)]
    pens[1].polygon(bolt, fill=0)
    pens[0].polygon(bolt, fill=255)


def _stripes(pens: Pens, random: Random) -> None:
    for i, x in enumerate((110, 180, 250, 320)):
        pens[i % 2].polygon([(x + 60, 90), (x + 104, 90), (x + 44, 330), (x, 330)], fill=255)


def _letter(pens: Pens, random: Random) -> None:
    font = ImageFont.load_default(size=300)
    pens[1].rounded_rectangle((106, 56, 406, 356), 60, fill=255)
    letter = random.choice("AKMNRSVZ")
    pens[1].text((256, 206), letter, fill=0, font=font, anchor="mm")
    pens[0].text((256, 206), letter, fill=255, font=font, anchor="mm")


_MARKS: tuple[Callable[[Pens, Random], None], ...] = (
    _sun, _wave, _star, _rings, _badge, _bolt, _stripes, _letter,
)  # fmt: skip


@lru_cache(maxsize=64)
def logo(seed: int) -> tuple[Image.Image, Image.Image]:
    """Two stencils (mode L, 512 x 512) of one logo, for the second and the third colour."""
    random = Random(f"logo {seed}")
    images = Image.new("L", (SIDE, SIDE)), Image.new("L", (SIDE, SIDE))
    pens = ImageDraw.Draw(images[0]), ImageDraw.Draw(images[1])
    word = random.choice(_WORDS)
    kind = random.random()
    if kind < 0.75:
        random.choice(_MARKS)(pens, random)
    if kind > 0.3:
        room = (256, 430) if kind < 0.75 else (256, 256)
        size = 84 if kind < 0.75 else 150
        while ImageFont.load_default(size=size).getlength(word) > 490:
            size -= 4
        pens[0].text(room, word, fill=255, font=ImageFont.load_default(size=size), anchor="mm")
        if kind >= 0.75:
            pens[1].rectangle((60, 350, 452, 366), fill=255)
    return images[0].filter(ImageFilter.GaussianBlur(0.8)), images[1].filter(
        ImageFilter.GaussianBlur(0.8)
    )
