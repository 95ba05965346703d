"""What fetching came to, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far a fetch is. Counts are of addresses; of many products' photo there is one."""

    done: int
    total: int
    failed: int


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What one fetch did. Counts are of addresses.

    ``waiting`` are those that are still without a photo at the end, of products that are not
    retired: they failed, or were left for the next time. ``by_code`` counts the failures.
    """

    fetched: int
    unchanged: int
    failed: int
    waiting: int
    by_code: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    changed: int = 0  # products that show another photo than before

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "fetched": self.fetched,
            "unchanged": self.unchanged,
            "failed": self.failed,
            "waiting": self.waiting,
            "by_code": dict(self.by_code),
            "changed_products": self.changed,
            "seconds": round(self.seconds, 3),
        }
