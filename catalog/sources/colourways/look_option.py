"""Which option of a product's variants decides what they look like: its colour, as a rule."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Protocol

from catalog.sources.rows.columns import normal_name
from catalog.text import search_form
from catalog.vocabulary.colours import is_colour

_NAMES = """
color colour colors colours colorway colourway shade tint farbe farben farbton couleur couleurs
coloris kleur kleuren colore colori cor cores renk farg farve farge kolor barva farba szin culoare
vari varv krasa spalva boja warna mau цвет цвят колір боја χρωμα لون اللون צבע สี カラー 色 颜色
顏色 색상 색 رنگ रंग
"""
COLOUR_NAMES = frozenset(_NAMES.split())
# Parts of names, such as "Hauptfarbe", "Farbauswahl" or "商品颜色", that no other word contains.
PARTS = ("colour", "color", "farb", "couleur", "カラー", "颜色", "顏色", "색상")
COLOUR_METAFIELD = "color"  # in "product.metafields.shopify.color-pattern"
_SIZES = "size sizes groesse grosse taille talla taglia maat tamanho koko storrelse storlek beden"
SIZE_NAMES = frozenset(_SIZES.split())


class HasOptions(Protocol):
    """A variant: its options by name, and its own photos."""

    @property
    def options(self) -> Mapping[str, str]:
        """Option name -> value."""

    @property
    def photos(self) -> tuple[str, ...]:
        """The addresses of its own photos."""


def look_option(variants: Sequence[HasOptions], linked: frozenset[str]) -> str | None:
    """The name of the option whose values look different; None if there is none.

    It is, in this order: linked to the shop's colour metafield; named "colour" in one of many
    languages; with a name that contains such a word; one whose values are all colours; or the only
    one by which the variants' photos differ.

    Args:
        variants: of one product.
        linked: names of options that are linked to the colour metafield.
    """
    names = list(dict.fromkeys(name for variant in variants for name in variant.options))
    tests = (linked.__contains__, is_colour_name, _contains_colour)
    for test in tests:
        if found := next((name for name in names if test(name)), None):
            return found
    others = [name for name in names if _plain(name) not in SIZE_NAMES]
    for name in others:
        values = [variant.options[name] for variant in variants if name in variant.options]
        if len(values) == len(variants) and all(map(is_colour, values)):
            return name
    return _by_photos(variants, others)


def has_colour_name(name: str) -> bool:
    """Whether the name of an option is a word for colour, or contains one."""
    return is_colour_name(name) or _contains_colour(name)


def is_colour_name(name: str) -> bool:
    """Whether an option or attribute is called "colour", in any language that we know."""
    return _plain(name) in COLOUR_NAMES


def _contains_colour(name: str) -> bool:
    plain = _plain(name)
    return any(part in plain for part in PARTS) or not COLOUR_NAMES.isdisjoint(plain.split("_"))


def _plain(name: str) -> str:
    return search_form(normal_name(name))


def _by_photos(variants: Sequence[HasOptions], names: Sequence[str]) -> str | None:
    """The only option whose values have photos of their own, the same for all other options."""
    if not all(variant.photos for variant in variants):
        return None
    found = []
    for name in names:
        photos: dict[str, set[tuple[str, ...]]] = {}
        for variant in variants:
            photos.setdefault(variant.options.get(name, ""), set()).add(variant.photos)
        each = [next(iter(of_value)) for of_value in photos.values() if len(of_value) == 1]
        if len(photos) > 1 and len(each) == len(photos) == len(set(each)):
            found.append(name)
    return found[0] if len(found) == 1 else None


def slug_of(value: str | None) -> str:
    """A value as part of an id: "Dark Red" becomes "dark-red"; an emoji becomes its name."""
    if not value:
        return ""
    plain = re.sub(r"[\W_]+", "-", search_form(value)).strip("-")
    if plain:
        return plain
    named = (unicodedata.name(sign, f"{ord(sign):x}") for sign in value if sign.strip())
    kept = (name for name in named if not name.startswith("VARIATION SELECTOR"))
    return re.sub(r"[\W_]+", "-", " ".join(kept).casefold()).strip("-")[:80]
