"""What a benchmark compares, as rows of one table for all of them."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

TINY, SMALL, LARGE = "tiny", "small", "large"  # tiny: for the tests, too small to mean anything
HEAD = ("measured", "ours", "peer", "peer's", "ratio")


class Row(NamedTuple):
    """One of our numbers beside that of a named peer, measured in the same run.

    Attributes:
        measured: what, with its unit and the size of the input.
        ours, theirs: the numbers; None where a peer is not installed.
        peer: the other way to do it.
        more_is_better: as for photos a second; False: as for milliseconds.
    """

    measured: str
    ours: float
    peer: str
    theirs: float | None
    more_is_better: bool = True

    @property
    def ratio(self) -> float | None:
        """How many times as good ours is."""
        if self.theirs is None or not self.ours or not self.theirs:
            return None
        return self.ours / self.theirs if self.more_is_better else self.theirs / self.ours


class Case(NamedTuple):
    """What a benchmark is to measure.

    Attributes:
        size: `TINY`, `SMALL` or `LARGE`.
        home: of a shop that is indexed.
        threads: that each side may use.
    """

    size: str
    home: Path
    threads: int

    def of(self, tiny: int, small: int, large: int) -> int:
        """The number for this size."""
        return {TINY: tiny, SMALL: small, LARGE: large}[self.size]


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Lines of text; what is measured stands once above its peers."""
    cells, before = [HEAD], ""
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
        theirs = "not installed" if row.theirs is None else number(row.theirs)
        first = row.measured != before
        ours = (row.measured, number(row.ours)) if first else ("", "")
        cells.append((*ours, row.peer, theirs, ratio))
        before = row.measured
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for measured, ours, peer, theirs, ratio in cells:
        left = f"{measured:<{widths[0]}}  {ours:>{widths[1]}}  {peer:<{widths[2]}}"
        yield f"{left}  {theirs:>{widths[3]}}  {ratio:>{widths[4]}}".rstrip()


def number(value: float) -> str:
    """A number of three digits or more."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
