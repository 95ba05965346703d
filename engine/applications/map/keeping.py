"""How the home's map differs from the index: what `reindex` and `status` say of it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from catalog.text import counted
from engine.applications.map.home import map_folder, shown_map
from engine.index.generation import Generation
from engine.settings import EngineSettings


@dataclass(frozen=True)
class MapFacts:
    """A home's map beside its index.

    Attributes:
        name: of the map.
        products: that it shows.
        age_seconds: since it was made.
        new: products of the index that came since.
        gone: products of the map that the index no longer has.
    """

    name: str
    products: int
    age_seconds: float
    new: int
    gone: int

    @property
    def is_stale(self) -> bool:
        """Whether making it again would change which products it shows."""
        return bool(self.new or self.gone)

    def __str__(self) -> str:
        text = counted(self.products, "product")
        if not self.is_stale:
            return f"{text}, as in the index"
        return f"{text}; {self.new:,} came since, and {self.gone:,} are gone"


def map_facts(settings: EngineSettings, live: Generation) -> MapFacts | None:
    """The home's map beside its live index; None if no map was made.

    Raises:
        BrokenMap: it cannot be read.
    """
    found = shown_map(map_folder(settings))
    if found is None:
        return None
    age = found.age(live.ids)
    made = datetime.fromisoformat(found.head["made"])
    seconds = round((datetime.now(UTC) - made).total_seconds(), 1)
    return MapFacts(found.name, len(found), seconds, age.new, age.gone)
