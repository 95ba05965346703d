"""Colour words of several languages, and texts that name several colours."""

import re
from collections.abc import Mapping

from catalog.text import word_key

# Canonical word -> its synonyms, compared without case, accents, blanks and hyphens.
COLOURS: Mapping[str, tuple[str, ...]] = {
    "black": ("schwarz", "noir", "noire", "negro", "nero", "zwart", "preto", "svart", "czarny",
              "černá", "musta", "siyah", "чёрный", "黒", "黑色", "ブラック"),
    "white": ("weiss", "weiß", "blanc", "blanche", "blanco", "bianco", "wit", "branco", "vit",
              "hvid", "hvit", "biały", "bílá", "valkoinen", "beyaz", "белый", "白", "白色"),
    "off white": ("ecru", "ivory"),
    "grey": ("gray", "grau", "gris", "grigio", "grijs", "cinza", "grå", "szary", "šedá", "gri",
             "серый", "灰色"),
    "navy": ("navy blue", "dark navy"),
    "blue": ("blau", "bleu", "bleue", "azul", "blu", "blauw", "blå", "niebieski", "modrá", "mavi",
             "sininen", "синий", "青", "蓝色", "ブルー"),
    "green": ("grün", "vert", "verte", "verde", "groen", "grön", "grøn", "zielony", "zelená",
              "yeşil", "vihreä", "зелёный", "緑", "绿色"),
    "red": ("rot", "rouge", "rojo", "roja", "rosso", "rossa", "rood", "vermelho", "röd", "rød",
            "czerwony", "červená", "punainen", "kırmızı", "красный", "赤", "红色", "レッド"),
    "yellow": ("gelb", "jaune", "amarillo", "giallo", "geel", "amarelo", "gul", "żółty", "žlutá",
               "sarı", "жёлтый", "黄色"),
    "pink": ("rosa", "rose", "roze", "różowy", "růžová", "розовый", "pembe", "粉色", "ピンク"),
    "purple": ("violet", "lila", "morado", "viola", "paars", "roxo", "fioletowy", "mor", "紫"),
    "brown": ("braun", "marron", "marrón", "marrone", "bruin", "marrom", "brun", "brązowy",
              "hnědá", "kahverengi", "коричневый", "茶色"),
    "orange": ("naranja", "arancione", "oranje", "laranja", "pomarańczowy", "оранжевый"),
    "multi": ("multicolour", "multicolor", "multicoloured", "multicolored", "mehrfarbig"),
}  # fmt: skip
# Words that name colours, too, and stay as they are.
_OTHERS = """
aqua beige burgundy camel caramel champagne charcoal cobalt copper coral cream creme cyan ecru
fuchsia gold golden indigo ivory khaki lavender lilac lime magenta maroon mauve mint mustard nude
olive peach petrol plum rust salmon sand silver stone tan taupe teal terracotta turquoise wine
anthracite anthrazit bordeaux oliv türkis silber
"""
_SHADES = frozenset(
    [
        "light",
        "dark",
        "bright",
        "pale",
        "deep",
        "heather",
        "hell",
        "dunkel",
        "clair",
        "foncé",
        "oscuro",
        "claro",
    ]
)
BETWEEN = re.compile(r"\s*(?:[/|,&+;]|\b(?:and|und|et|y|en)\b)\s*")
MAX_TEXT = 100
_KNOWN = {word_key(name) for name in COLOURS} | {word_key(word) for word in _OTHERS.split()}
_KNOWN |= {word_key(word) for words in COLOURS.values() for word in words}


def parts_of(text: str) -> list[str]:
    """The colours that a text lists: "Red / Blue" and "Blue & Red" have two."""
    if len(text) > MAX_TEXT:
        return [text]
    return [part for part in BETWEEN.split(text) if part]


def is_colour(text: str) -> bool:
    """Whether a text is one colour or several: "Red", "light blue", "Black/White"."""
    parts = parts_of(text)
    return bool(parts) and all(_is_one_colour(part) for part in parts)


def _is_one_colour(text: str) -> bool:
    if word_key(text) in _KNOWN:
        return True
    words = [word_key(word) for word in re.split(r"[\s_-]+", text)]
    words = [word for word in words if word]
    others = [word for word in words if word not in _SHADES]
    return bool(others) and len(words) <= 4 and all(word in _KNOWN for word in others)
