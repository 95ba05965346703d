"""How a visitor tunes a panel: the weight of each facet, the variety, and a filter.

Weight sliders have five positions. The middle one keeps the shop's default weight, so a visitor
need not know how the shop weighs shape against colour.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from catalog.filters.filter import Filter
from web.app.params import Args, int_param, number, text_param

WEIGHT = "mix."  # prefix of the sliders' names
DEFAULT_POSITION = 2
MAX_POSITION = 4
FACTORS = (0.0, 0.3, 1.0, 4.0, 12.0)  # position -> multiple of a facet's default weight
WEIGHT_LABELS = ("not at all", "a little", "as usual", "more", "most of all")
DIVERSITIES = (0.0, 0.2, 0.4, 0.6, 0.8)  # position -> `Request.diversity`
VARIETY_LABELS = ("all alike", "a little varied", "varied", "more varied", "most varied")


@dataclass(frozen=True, slots=True)
class Tuning:
    """The settings of one panel.

    Attributes:
        mix: facet -> position of its slider; default positions are left out.
        variety: position of the variety slider.
        colour: only products of this colour.
        price_from: lowest current price.
        price_to: highest current price.
        on_sale: only products on sale.
        but: words that change the look of the product: "in green".
    """

    mix: Mapping[str, int] = field(default_factory=dict)
    variety: int = 0
    colour: str | None = None
    price_from: str | None = None
    price_to: str | None = None
    on_sale: bool = False
    but: str | None = None

    @classmethod
    def of(cls, args: Args) -> Self:
        """The tuning in a URL.

        Raises:
            ParameterError: a slider position is out of range, or a text is too long.
        """
        mix = {
            name.removeprefix(WEIGHT): int_param(
                args, name, default=DEFAULT_POSITION, low=0, high=MAX_POSITION
            )
            for name in args
            if name.startswith(WEIGHT)
        }
        return cls(
            mix={name: position for name, position in mix.items() if position != DEFAULT_POSITION},
            variety=int_param(args, "variety", default=0, low=0, high=MAX_POSITION),
            colour=text_param(args, "colour"),
            price_from=text_param(args, "price_from"),
            price_to=text_param(args, "price_to"),
            on_sale=text_param(args, "on_sale") in ("true", "on", "1"),
            but=text_param(args, "but"),
        )

    def position(self, facet: str) -> int:
        """The position of a facet's slider."""
        return self.mix.get(facet, DEFAULT_POSITION)

    def facet_weights(self, defaults: Mapping[str, float]) -> Mapping[str, float] | None:
        """Facet weights, given the default weights; None for the defaults.

        An unknown facet is kept, for the engine to refuse. All sliders at zero mean the defaults.
        """
        if not self.mix or all(self.position(name) == 0 for name in defaults):
            return None
        known = {
            name: _weight(default, self.position(name), len(defaults))
            for name, default in defaults.items()
        }
        return known | {name: FACTORS[at] for name, at in self.mix.items() if name not in known}

    def nothing_matters(self, defaults: Mapping[str, float]) -> bool:
        """Whether all sliders of weights are at zero, which has no meaning: see `facet_weights`."""
        return bool(defaults) and all(self.position(name) == 0 for name in defaults)

    @property
    def diversity(self) -> float:
        """`Request.diversity`, 0 to 1."""
        return DIVERSITIES[self.variety]

    @property
    def filter(self) -> Filter:
        """The filter; prices in the wrong order are swapped.

        Raises:
            catalog.errors.FilterError: a price is not a number.
        """
        low, high = self.price_from, self.price_to
        if low and high and number(low) > number(high):
            low, high = high, low
        fields = {"colour": self.colour, "price_from": low, "price_to": high}
        return Filter.of({**fields, "on_sale": True if self.on_sale else None})

    @property
    def filtered(self) -> bool:
        """Whether the filter narrows anything."""
        return bool(self.colour or self.price_from or self.price_to or self.on_sale or self.but)

    @property
    def customised(self) -> bool:
        """Whether anything differs from the defaults."""
        return self != Tuning()

    def query(self) -> dict[str, str]:
        """The URL parameters of this tuning; defaults are left out."""
        pairs = {f"{WEIGHT}{name}": str(position) for name, position in self.mix.items()}
        pairs["variety"] = str(self.variety) if self.variety else ""
        pairs["on_sale"] = "true" if self.on_sale else ""
        for name in ("colour", "price_from", "price_to", "but"):
            pairs[name] = getattr(self, name) or ""
        return {name: value for name, value in pairs.items() if value}


def _weight(default: float, position: int, facets: int) -> float:
    """The weight of a facet; one that has no weight by default can be given some."""
    if default or position <= DEFAULT_POSITION:
        return default * FACTORS[position]
    return FACTORS[position] / FACTORS[DEFAULT_POSITION + 1] / facets
