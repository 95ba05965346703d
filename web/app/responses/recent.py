"""Answers that were given moments ago, kept in memory to be given again; see `catalog.recent`.

A key names everything that an answer depends on, so an answer that is found is still right. Each
server process keeps its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from catalog.events.event import Shown
from engine.recommendation.results import Panel
from web.app.experiments import Arm

MOST_RESULTS = 12_000  # and seeds, of all panels that a process keeps: about 20 MB
MOST_BYTES = 8_000_000  # of all responses that a process keeps


@dataclass(frozen=True, slots=True)
class Given:
    """An answer and what its entry in the log says.

    Attributes:
        panel: the answer.
        facets: the weights that were requested, by the visitor or the experiment's arm.
        arm: that answered it, if any.
        shown: its products, as the log stores them.
        again: it was given before, and now under another query id.
    """

    panel: Panel
    facets: Mapping[str, float] | None = None
    arm: Arm | None = None
    shown: tuple[Shown, ...] = ()
    again: bool = False

    @classmethod
    def of(cls, panel: Panel, facets: Mapping[str, float] | None, arm: Arm | None = None) -> Self:
        """A new answer."""
        shown = tuple(Shown(one.product_id, one.rank, one.rule) for one in panel.results)
        return cls(panel, facets, arm, shown)
