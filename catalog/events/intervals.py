"""Proportions with 95% confidence intervals, and the difference of two proportions.

Wilson (1927) for one proportion; Newcombe (1998), method 10, for the difference of two: both stay
within their bounds, also with few or no cases. Panels of one visitor are not independent, so their
number is first divided by the design effect (Kish 1965; Rao and Scott 1992), which is estimated
from the variance between visitors.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

LEVEL = 0.95
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``of`` cases, which are taken to be independent."""

    hits: int
    of: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None without cases."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> Interval:
        """Wilson's 95% interval; (0, 1) without cases."""
        return wilson(self.hits / self.of if self.of else 0.0, self.of)


@dataclass(frozen=True, slots=True)
class Clusters:
    """Sums over visitors, each with n >= 1 panels of which x were clicked.

    Attributes:
        visitors: their number.
        n: the sum of n: all panels.
        x: the sum of x: the clicked panels.
        nn: the sum of n².
        xn: the sum of x·n.
        xx: the sum of x².
    """

    visitors: int
    n: int
    x: int
    nn: int
    xn: int
    xx: int

    @property
    def rate(self) -> Rate:
        """The share of clicked panels."""
        return Rate(self.x, self.n)

    @property
    def effective(self) -> float:
        """The effective sample size: at most ``n``, at least 1 (0 without panels).

        The design effect is the variance of the ratio x/n between visitors over that of as many
        independent panels: exactly 1 where every visitor has one panel. It cannot be estimated from
        one visitor, or when all or no panels were clicked: then each visitor counts as one case.
        """
        if not 0 < self.x < self.n or self.visitors < 2:
            return float(self.visitors)
        share = self.x / self.n
        squares = self.xx - 2 * share * self.xn + share * share * self.nn  # of x - share * n
        between = self.visitors / (self.visitors - 1) * squares
        independent = self.n / (self.n - 1) * share * (1 - share) * self.n
        return max(1.0, self.n / max(1.0, between / independent))

    @property
    def interval(self) -> Interval:
        """Wilson's 95% interval of the share, with the effective sample size."""
        return wilson(self.x / self.n if self.n else 0.0, self.effective)


def wilson(share: float, n: float) -> Interval:
    """The 95% score interval of a share observed in ``n`` cases; (0, 1) without cases.

    ``n`` may be an effective sample size, so it need not be whole.
    """
    if n <= 0:
        return 0.0, 1.0
    centre = share + Z * Z / (2 * n)
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    low = 0.0 if share <= 0 else max(0.0, (centre - half) / scale)
    high = 1.0 if share >= 1 else min(1.0, (centre + half) / scale)
    return low, high


def newcombe(one: Clusters, other: Clusters) -> Interval:
    """The 95% interval of ``one``'s share minus ``other``'s; (-1, 1) if either has no panels."""
    if not one.n or not other.n:
        return -1.0, 1.0
    share, against = one.x / one.n, other.x / other.n
    (low, high), (other_low, other_high) = one.interval, other.interval
    difference = share - against
    below = math.hypot(share - low, other_high - against)
    above = math.hypot(high - share, against - other_low)
    return max(-1.0, difference - below), min(1.0, difference + above)
