"""The look-alikes of every product, computed by several processes, each product by itself."""

import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from threadpoolctl import threadpool_limits

from catalog.database.database import Database
from catalog.events.best_sellers import BestSellers
from catalog.events.log import EventLog
from catalog.settings import CatalogSettings
from engine.operations.export.snapshot import CatalogueSnapshot, RulesSnapshot
from engine.recommendation.panel import Sources, answer
from engine.recommendation.request import Request
from engine.recommendation.request_context import RequestContext
from engine.recommendation.results import Panel
from engine.search.live_index import LiveIndex
from engine.settings import EngineSettings

CHUNK = 32  # products that a process answers before it hands the lists over


class LookAlike(NamedTuple):
    """A product of a list; ``match`` is in per cent, None without a calibration."""

    product_id: str
    score: float
    match: float | None
    reasons: tuple[str, ...]


class LookAlikes(NamedTuple):
    """The look-alikes of one product, best first; ``fallback`` as in a panel."""

    product_id: str
    fallback: str
    similar: tuple[LookAlike, ...]


@dataclass(frozen=True)
class State:
    """What lists depend on; the same for two runs: the same lists.

    Attributes:
        generation: the name of the index.
        catalogue: its watermark.
        rules: the version of the rules in force.
        k: the length of a list.
    """

    generation: str
    catalogue: str
    rules: str
    k: int


class Answerer:
    """Answers for one product after another from what it read once.

    Args:
        settings: where the index is.
        database: the catalogue's.
    """

    def __init__(self, settings: EngineSettings, database: Database) -> None:
        self._catalogue = CatalogueSnapshot(database)
        self._rules = RulesSnapshot(database)
        best_sellers = BestSellers(lambda: EventLog(database))
        self._sources = Sources.of(settings, self._catalogue, self._rules, best_sellers)
        self._live = LiveIndex.of(settings, self._catalogue).current()

    def state(self, k: int) -> State:
        """What the lists depend on."""
        name = self._live.generation.name
        return State(name, self._catalogue.mark, self._rules.mark, k)

    def products(self) -> list[str]:
        """The products that have lists: all that are indexed and not retired, sorted by id."""
        rows = self._live.generation.row_of
        return [one for one in self._catalogue.all_facts().ids.tolist() if one in rows]

    def look_alikes(self, product_id: str, k: int) -> LookAlikes:
        """The list of one product."""
        generation = self._live.generation
        request = Request((product_id,), k=k)  # of one seed: for its product's page
        vectors = generation.vectors[[generation.row_of[product_id]]]
        context = RequestContext.of(request, self._live, vectors)
        return _list_of(product_id, answer(context, self._sources, counts=False))


def _list_of(product_id: str, panel: Panel) -> LookAlikes:
    similar = tuple(
        LookAlike(one.product_id, round(one.score, 6), one.match, one.reasons)
        for one in panel.results
    )
    return LookAlikes(product_id, panel.fallback.value, similar)


def all_look_alikes(
    settings: EngineSettings, product_ids: Sequence[str], k: int, processes: int
) -> Iterator[list[LookAlikes]]:
    """The lists of some products in their order, some at a time.

    Args:
        settings: where the index is.
        product_ids: the products.
        k: the length of a list.
        processes: how many compute them; with 1, this one does. They end with this one, however
            it ends.
    """
    chunks = (product_ids[at : at + CHUNK] for at in range(0, len(product_ids), CHUNK))
    if processes == 1 or len(product_ids) <= CHUNK:
        _start(settings, k)
        yield from map(_answer_chunk, chunks)
        return
    spawning = multiprocessing.get_context("spawn")
    with spawning.Pool(processes, _start, (settings, k)) as pool:
        yield from pool.imap(_answer_chunk, chunks)


class _Process:
    """What one process answers with."""

    answerer: Answerer
    k: int


def _start(settings: EngineSettings, k: int) -> None:
    """Open what a process needs; one core each, as the processes share the cores."""
    threadpool_limits(1, user_api="blas")
    database = Database.open(CatalogSettings(home=settings.home))
    _Process.answerer, _Process.k = Answerer(settings, database), k


def _answer_chunk(product_ids: Sequence[str]) -> list[LookAlikes]:
    return [_Process.answerer.look_alikes(one, _Process.k) for one in product_ids]
