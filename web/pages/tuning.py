"""What a visitor asks of a panel: how much each facet counts, how varied it is, and a filter.

Sliders have five places. The middle one leaves a facet as the shop has it, so that a visitor need
not know how the shop weighs shape against colour.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.filters.filter import Filter
from web.app.params import Args, number, word

MIX = "mix."
USUAL = 2
MOST = 4
FACTORS = (0.0, 0.3, 1.0, 4.0, 12.0)  # of a facet's default weight, place by place
PLACES = ("not at all", "a little", "as usual", "more", "most of all")
VARIETY = (0.0, 0.2, 0.4, 0.6, 0.8)  # `Request.diversity`, place by place


@dataclass(frozen=True, slots=True)
class Tuning:
    """``mix`` holds the places of facets that are not as usual; prices are what is paid now."""

    mix: Mapping[str, int] = field(default_factory=dict)
    variety: int = 0
    colour: str | None = None
    price_from: str | None = None
    price_to: str | None = None
    on_sale: bool = False

    def place(self, facet: str) -> int:
        """The place of a facet's slider."""
        return self.mix.get(facet, USUAL)

    def facets(self, usual: Mapping[str, float]) -> Mapping[str, float] | None:
        """Facet weights, from those that are usual; None for the usual ones.

        An unknown facet is kept, for the engine to refuse. Nothing at all is no wish: usual.
        """
        if not self.mix or all(self.place(name) == 0 for name in usual):
            return None
        known = {name: weight * FACTORS[self.place(name)] for name, weight in usual.items()}
        return known | {name: FACTORS[at] for name, at in self.mix.items() if name not in known}

    @property
    def diversity(self) -> float:
        """How varied the panel is, 0 to 1."""
        return VARIETY[self.variety]

    @property
    def filter(self) -> Filter:
        """What results are narrowed to; prices in the wrong order are exchanged.

        Raises:
            catalog.errors.FilterError: a price is none.
        """
        low, high = self.price_from, self.price_to
        if low and high and amount(low) > amount(high):
            low, high = high, low
        asked = {"colour": self.colour, "price_from": low, "price_to": high}
        return Filter.of({**asked, "on_sale": True if self.on_sale else None})

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered."""
        return bool(self.colour or self.price_from or self.price_to or self.on_sale)

    @property
    def tuned(self) -> bool:
        """Whether anything is not as usual."""
        return self != Tuning()

    def query(self) -> dict[str, str]:
        """The URL parameters that mean this; what is as usual is left out."""
        pairs = {f"{MIX}{name}": str(at) for name, at in self.mix.items()}
        pairs["variety"] = str(self.variety) if self.variety else ""
        pairs["on_sale"] = "true" if self.on_sale else ""
        for name in ("colour", "price_from", "price_to"):
            pairs[name] = getattr(self, name) or ""
        return {name: value for name, value in pairs.items() if value}


def tuning(args: Args) -> Tuning:
    """What an address asks of a panel.

    Raises:
        ParameterError: a slider's place that there is not, or a text that is too long.
    """
    mix = {
        name.removeprefix(MIX): number(args, name, default=USUAL, low=0, high=MOST)
        for name in args
        if name.startswith(MIX)
    }
    return Tuning(
        mix={name: place for name, place in mix.items() if place != USUAL},
        variety=number(args, "variety", default=0, low=0, high=len(VARIETY) - 1),
        colour=word(args, "colour"),
        price_from=word(args, "price_from"),
        price_to=word(args, "price_to"),
        on_sale=word(args, "on_sale") in ("true", "on", "1"),
    )


def amount(text: str) -> float:
    """A price to compare by; what is none is left for the filter to refuse."""
    try:
        return float(text)
    except ValueError:
        return math.nan
