"""What a range lacks and what it has too much of: styles beside what visitors wanted.

`range_numbers` joins the styles of the shop with the counts of the event log, for the command
`lookalike gaps`, the desk and the report.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np

from catalog.events.intervals import Rate
from catalog.events.product_counts import ProductCount, ProductCounts
from catalog.events.report import rate_json
from catalog.records import Facts
from engine.applications.styles.rates import GroupRates, group_rates, sums
from engine.applications.styles.styles import Style, Styles
from engine.arrays import Bool, Float64, Int64

EXPECTED = 5.0  # times that a usual style would have been wanted, for a verdict
MATTERS = 1.25  # a rate differs from the usual by this factor at least, for a verdict
NUMBERS = ("shown", "seen", "wanted", "clicks", "saved", "cart", "bought")
COLUMNS = (
    "style", "name", "medoid", "verdict", "products", *NUMBERS, "wanted_rate", "low", "high",
)  # fmt: skip
TENTH = 0.1


class Verdict(StrEnum):
    """What a style is for the range."""

    GAP = "gap"  # wanted more than usual, and fewer products than a style has on average
    GLUT = "glut"  # wanted less than usual, and more products
    STRONG = "strong"  # wanted more than usual, and enough products
    WEAK = "weak"  # wanted less than usual, but there are few products anyway
    USUAL = "usual"  # no difference from the usual that is both sure and large
    UNCLEAR = "unclear"  # seen too seldom to tell


@dataclass(frozen=True, slots=True)
class StyleNumbers:
    """A style in the range, and what visitors did with its products.

    Attributes:
        style: its name, number and medoid.
        products: those that can be bought now.
        coverage: of these, the ones in a shown panel.
        counts: sums over the products of the style, sold out or not.
        rate: the estimated share of seen places that were wanted, 0 to 1; None without events.
        low, high: its 95% credible interval.
        verdict: what follows.
    """

    style: Style
    products: int
    coverage: Rate
    counts: ProductCount
    rate: float | None
    low: float
    high: float
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """The numbers as JSON."""
        return {
            "style": self.style.number,
            "name": self.style.name,
            "medoid": self.style.medoid,
            "verdict": self.verdict.value,
            "products": self.products,
            **{name: getattr(self.counts, name) for name in NUMBERS},
            "wanted_rate": None if self.rate is None else round(self.rate, 6),
            "low": round(self.low, 6),
            "high": round(self.high, 6),
            "coverage": rate_json(self.coverage),
        }


@dataclass(frozen=True, slots=True)
class RangeNumbers:
    """The range in a period.

    Attributes:
        since, until: the answers that count, from and to before, in UTC.
        basis: what counts as a shown panel; see `catalog.events.report.Report`.
        usual: the rate at which a usual style is wanted, 0 to 1; None without events.
        average: products that can be bought, for each style.
        gini: how unequally the products that can be bought were shown: 0 all the same, 1 only one;
            None if none was.
        tenth_shown, tenth_products: the share of all shown places, and of the products that can be
            bought, of the tenth of the styles that were shown most.
        styles: in the order of `Styles.listed`.
    """

    since: datetime
    until: datetime
    basis: str
    usual: float | None
    average: float
    gini: float | None
    tenth_shown: float
    tenth_products: float
    styles: tuple[StyleNumbers, ...]

    @property
    def shown_styles(self) -> Rate:
        """The styles of which a product was shown, of those of which one can be bought."""
        listed = [one for one in self.styles if one.products]
        return Rate(sum(one.coverage.hits > 0 for one in listed), len(listed))

    def least_covered(self, most: int) -> list[StyleNumbers]:
        """The styles of whose products the smallest share was shown; of equal ones, the larger."""
        listed = [one for one in self.styles if one.products]
        return sorted(listed, key=lambda one: (one.coverage.share or 0, -one.products))[:most]

    def of(self, *verdicts: Verdict) -> list[StyleNumbers]:
        """The styles of some verdicts."""
        return [one for one in self.styles if one.verdict in verdicts]

    def coverage_json(self) -> dict[str, Any]:
        """Coverage by style as JSON."""
        return {
            "shown_styles": rate_json(self.shown_styles),
            "gini": None if self.gini is None else round(self.gini, 6),
            "most_shown_tenth": {
                "shown": round(self.tenth_shown, 6),
                "products": round(self.tenth_products, 6),
            },
            "styles": [
                {
                    "style": one.style.number,
                    "name": one.style.name,
                    "shown": one.counts.shown,
                    **rate_json(one.coverage),
                }
                for one in self.styles
            ],
        }

    def rows(self) -> Iterator[tuple[object, ...]]:
        """The numbers of each style as a row of a file, in the order of `COLUMNS`."""
        for one in self.styles:
            values = one.as_json()
            yield tuple("" if values[name] is None else values[name] for name in COLUMNS)

    def as_json(self) -> dict[str, Any]:
        """All numbers as JSON."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "basis": self.basis,
            "usual_rate": None if self.usual is None else round(self.usual, 6),
            "average_products": round(self.average, 2),
            "styles": [one.as_json() for one in self.styles],
        }


def range_numbers(styles: Styles, facts: Facts, counts: ProductCounts) -> RangeNumbers:
    """Join styles with what visitors did.

    Args:
        styles: those of the shop.
        facts: of all products that are not retired.
        counts: of the event log.
    """
    total = len(styles)
    sold = np.zeros(len(styles.ids), dtype=bool)
    rows = styles.ids.rows(facts.ids[facts.available].tolist())
    sold[rows[rows >= 0]] = True
    table = _table(styles, counts.by_id)
    by_style = np.stack([sums(styles.places, column, total) for column in table.T], axis=1)
    shown = table[:, 0]
    products = sums(styles.places, sold, total)
    covered = sums(styles.places, sold & (shown > 0), total)
    rates = group_rates(styles.places, table[:, 1], table[:, 2], total)
    average = products.sum() / max(1, total)
    listed = []
    for place, style in enumerate(styles.listed):
        number = int(products[place])
        listed.append(
            StyleNumbers(
                style,
                number,
                Rate(int(covered[place]), number),
                ProductCount(*map(int, by_style[place])),
                None if rates.usual is None else float(rates.rate[place]),
                float(rates.low[place]),
                float(rates.high[place]),
                _verdict(rates, place, number, average),
            )
        )
    most = np.argsort(-by_style[:, 0], kind="stable")[: max(1, round(TENTH * total))]
    return RangeNumbers(
        counts.since,
        counts.until,
        counts.basis,
        rates.usual,
        float(average),
        _gini(shown, sold),
        _share(by_style[:, 0], most),
        _share(products, most),
        tuple(listed),
    )


def _table(styles: Styles, by_id: Mapping[str, ProductCount]) -> Int64:
    """``(N, 7)`` the counts of each product of the styles, in the order of `NUMBERS`."""
    table = np.zeros((len(styles.ids), len(NUMBERS)), dtype=np.int64)
    names = list(by_id)
    for row, name in zip(styles.ids.rows(names).tolist(), names, strict=True):
        if row >= 0:
            table[row] = [getattr(by_id[name], number) for number in NUMBERS]
    return table


def _verdict(rates: GroupRates, place: int, products: int, average: float) -> Verdict:
    if rates.usual is None or rates.effective[place] * rates.usual < EXPECTED:
        return Verdict.UNCLEAR
    ratio = rates.rate[place] / rates.usual
    if rates.low[place] > rates.usual and ratio >= MATTERS:
        return Verdict.GAP if products < average else Verdict.STRONG
    if rates.high[place] < rates.usual and ratio <= 1 / MATTERS:
        return Verdict.GLUT if products > average else Verdict.WEAK
    return Verdict.USUAL


def _gini(shown: Int64, sold: Bool) -> float | None:
    """The Gini coefficient of the places of the products that can be bought."""
    places = np.sort(shown[sold]).astype(np.float64)
    if not places.sum():
        return None
    rank = np.arange(1, len(places) + 1)
    return float(((2 * rank - len(places) - 1) * places).sum() / (len(places) * places.sum()))


def _share(numbers: Float64, rows: Int64) -> float:
    total = numbers.sum()
    return float(numbers[rows].sum() / total) if total else 0.0
