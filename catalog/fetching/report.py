"""The progress and the report of a fetch. Counts are of addresses, unless stated otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far a fetch is. A photo that many products share has one address."""

    done: int
    total: int
    failed: int


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What one fetch did.

    Attributes:
        fetched: new or changed photos.
        unchanged: photos that are still as they were.
        failed: addresses whose photo could not be downloaded.
        waiting: addresses of products that are not retired which still have no photo: they failed,
            or were left for the next run.
        refused: those of them whose host was refused, as it is not public.
        by_code: how many failed with each error code.
        seconds: how long it took.
        changed: products that show another photo than before.
        reasons: the first message of each error code.
    """

    fetched: int
    unchanged: int
    failed: int
    waiting: int
    by_code: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    changed: int = 0
    reasons: Mapping[str, str] = field(default_factory=dict)
    refused: int = 0

    @property
    def nothing_worked(self) -> bool:
        """Whether photos were requested and none of them was downloaded."""
        return self.failed > 0 and self.fetched + self.unchanged == 0

    def as_json(self) -> dict[str, object]:
        """The report as ``lookalike fetch --json`` prints it."""
        return {
            "fetched": self.fetched,
            "unchanged": self.unchanged,
            "failed": self.failed,
            "waiting": self.waiting,
            "refused": self.refused,
            "by_code": dict(self.by_code),
            "changed_products": self.changed,
            "seconds": round(self.seconds, 3),
        }
