"""One request against one generation: which rows it may show, and which ones it does, in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

import numpy as np

from catalog.filters.filter import Filter
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from engine.errors import RequestError
from engine.recommendation.diversity import pool_size, take_turns, varied
from engine.recommendation.merchandising import Merchandising, Pin, place, slots
from engine.recommendation.request import Request
from engine.recommendation.seed_clusters import SeedCluster, tastes
from engine.search.catalogue_facts import FactsSnapshot
from engine.search.duplicates import distinct
from engine.search.guards import allowed
from engine.search.live_index import Live
from engine.search.search import DECIMALS, SCAN_CELLS, dots, rescore, search
from engine.search.search_query import NO_ROWS, Hit, Rows, SearchQuery

# What is worked out once for a request, and is the same with the shop's rules and without.
NOT_RULED = frozenset({"now", "tastes", "scale", "floors", "categories", "seed_rows"})
NOT_RULED |= {"_cosines", "_guarded", "_everything", "_never", "_less"}


@dataclass(frozen=True)
class RequestContext:
    """A request together with what it is answered from. For one answer: facts are read once.

    Attributes:
        request: what is asked.
        live: the generation, and its products as they are now.
        catalogue: what is sold now.
        rules: the merchandising rules.
        rows: ``(S, D)`` float32 of the seeds, or of a photo.
    """

    request: Request
    live: Live
    catalogue: Catalogue
    rules: RuleBook
    rows: np.ndarray

    def hits(self, wanted: Filter) -> list[Hit]:
        """What the panel shows, in its order, if a filter is asked for."""
        request, generation = self.request, self.live.generation
        pinned = self.pinned(wanted)
        taken = np.array([hit.row for hit in pinned.values()], dtype=np.int64)
        need = pool_size(request.k, request.diversity, len(self.tastes))
        found = search(generation, self.question(wanted, need, taken))
        most = request.k if len(found) == 1 else 2 * request.k
        various = [
            varied(generation.vectors, self.scale, hits, request.diversity, most, taken.tolist())
            for hits in found
        ]
        weights = [taste.weight for taste in self.tastes]
        line = take_turns(generation.vectors, various, weights, self.group, self.twins, request.k)
        return place(line, pinned, request.k)

    def without_rules(self) -> "RequestContext":
        """The same question if the shop had no rules, judged by the same facts."""
        free = replace(self, request=replace(self.request, rules=False))
        vars(free).update({name: value for name, value in vars(self).items() if name in NOT_RULED})
        return free

    def question(self, wanted: Filter, need: int, taken: Rows = NO_ROWS) -> SearchQuery:
        """What is searched, for so many results of each taste, beside some that are shown."""
        taste = np.zeros(len(self.rows), dtype=int)
        for number, one in enumerate(self.tastes):
            taste[list(one.members)] = number
        shop = self.shop
        return SearchQuery(
            queries=self.rows * self.scale,
            allowed=lambda rows: self.allowed(rows) & ~np.isin(rows, taken),
            k=need,
            taste=taste,
            passes=(lambda rows: self.now.passes(wanted, rows)) if wanted else None,
            bonus=self.bonus if shop is not None and shop.bonuses else None,
            boosted=(lambda: shop.boosted) if shop is not None and shop.bonuses else None,
            less=self._less,
            floors=self.floors,
            plain=self.rows,
            group=self.group,
            twins=self.twins,
            cosines=(lambda rows: self._cosines[:, rows]) if self._small else None,
            taken=taken,
        )

    def pinned(self, wanted: Filter) -> dict[int, Hit]:
        """Place -> what a rule pins there, of what may be shown anyway; a match is not asked."""
        if self.shop is None or not self.shop.pins:
            return {}
        pins = {pin.row: pin for pin in self.shop.pins}
        hits = self.scored(np.array(list(pins)), wanted)
        places = slots(pins[hit.row] for hit in hits)
        by_row = {hit.row: hit for hit in hits}
        return {at: by_row[pin.row] for at, pin in places.items() if at <= self.request.k}

    def scored(self, rows: Rows, wanted: Filter) -> list[Hit]:
        """Of some rows those that may be shown, in the order given, the first of those alike."""
        rows = rows[self.now.passes(wanted, rows)]
        question = replace(self.question(wanted, 1), floors=None)
        vectors = self.live.generation.vectors
        hits = {hit.row: hit for hit in rescore(vectors, question, rows, self.allowed(rows))}
        rows = np.array([row for row in rows.tolist() if row in hits], dtype=np.int64)
        codes = None if self.group is None else self.group(rows)
        return [hits[int(rows[at])] for at in distinct(vectors, rows, codes, self.twins)]

    def allowed(self, rows: Rows) -> np.ndarray:
        """``(S, n)`` bool: which rows may be shown for which seed, filter and match aside."""
        fits = self._guarded[:, rows] if self._small else self._guards(rows)
        if self.shop is not None and self.shop.narrows:
            fits &= self._kept[:, rows] if self._small else self.shop.keeps(rows)
        return fits

    def _guards(self, rows: Rows) -> np.ndarray:
        # Few products' codes can be compared within one reading only, so seeds are read along.
        columns = self.now.columns(np.concatenate([self.seed_rows, rows]))
        seeds, products = columns.split(len(self.seed_rows))
        own = np.isin(rows, self.seed_rows)
        return allowed(seeds, products, self.request.lifts, own) & ~np.isin(rows, self._never)

    def bonus(self, rows: Rows) -> np.ndarray:
        """``(S, n)`` float64: what the shop's rules add to the cosines of some rows."""
        if self.shop is None:
            return np.zeros((len(self.rows), len(rows)))
        return self._bonus[:, rows] if self._small else self.shop.bonus(rows)

    @property
    def _small(self) -> bool:
        """Whether guards and rules are applied to all rows at once, and not to some as needed."""
        return self.live.generation.vectors.size <= SCAN_CELLS

    @cached_property
    def _cosines(self) -> np.ndarray:
        return dots(self.live.generation.vectors, self._everything, self.rows * self.scale)

    @cached_property
    def _guarded(self) -> np.ndarray:
        return self._guards(self._everything)

    @cached_property
    def _kept(self) -> np.ndarray:
        return self.shop.keeps(self._everything) if self.shop else NO_ROWS

    @cached_property
    def _bonus(self) -> np.ndarray:
        return self.shop.bonus(self._everything) if self.shop else NO_ROWS

    @cached_property
    def _everything(self) -> Rows:
        return np.arange(len(self.live.generation.ids))

    @cached_property
    def now(self) -> FactsSnapshot:
        """The products' facts."""
        return self.live.present.now()

    @cached_property
    def shop(self) -> Merchandising | None:
        """The shop's rules for these seeds; None if there are none, or they are not followed."""
        book = self.rules.current() if self.request.rules else None
        if book is None or not book.rules:
            return None
        moment = self.request.at or datetime.now(UTC)
        seeds = self.request.seeds
        products = self.catalogue.products(seeds)
        listed = [products.get(seed) for seed in seeds] or [None]
        in_force = [
            book.active(seed.product_id, seed.category, moment)
            if seed
            else book.active(None, None, moment)
            for seed in listed
        ]
        if not any(in_force):
            return None
        generation = self.live.generation
        return Merchandising.of(
            in_force, listed, generation.row_of, len(generation.ids), _remembered(self.now)
        )

    @cached_property
    def pins(self) -> dict[int, Pin]:
        """Row -> the pin that gives it a place, shown or not."""
        return {} if self.shop is None else {pin.row: pin for pin in self.shop.pins}

    @cached_property
    def tastes(self) -> list[SeedCluster]:
        """The seeds, grouped."""
        if len(self.rows) == 1:
            return [SeedCluster(0, (0,), 1.0)]
        weights = [self.request.weights.get(seed, 1.0) for seed in self.request.seeds]
        return tastes(self.rows, weights, alike=self.live.alike)

    @cached_property
    def scale(self) -> np.ndarray:
        """``(D,)`` what the facets' weights multiply a query by."""
        layout = self.live.generation.layout
        return layout.reweigh(np.ones(layout.dim, np.float32), self.request.facets or {})

    @cached_property
    def floors(self) -> np.ndarray | None:
        """``(S,)`` the least cosine, under default weights, with each seed for the match asked for.

        Raises:
            RequestError: the generation has no calibration.
        """
        wanted, calibration = self.request.min_match, self.live.calibration
        if wanted is None:
            return None
        if calibration is None:
            raise RequestError(
                f"A match of {wanted:g}% cannot be asked for: this index has no calibration. "
                "Run `lookalike reindex` with an encoder that has one, or leave min_match out."
            )
        return np.array([calibration.inverse(wanted, one) for one in self.categories])

    def matches(self, hits: Sequence[Hit]) -> list[float | None]:
        """The match of each hit with its seed in percent; None without a calibration."""
        if self.live.calibration is None or not hits:
            return [None] * len(hits)
        queries = [hit.query for hit in hits]
        vectors = self.live.generation.vectors[[hit.row for hit in hits]].astype(np.float64)
        cosines = np.einsum("nd,nd->n", self.rows[queries].astype(np.float64), vectors)
        percent = self.live.calibration.match(
            cosines.round(DECIMALS), [self.categories[query] for query in queries]
        )
        return [round(float(one), DECIMALS) for one in percent]

    @cached_property
    def categories(self) -> list[str | None]:
        """The category path of each seed; none for a photo."""
        if not self.request.seeds:
            return [None]
        return list(self.catalogue.facts(self.request.seeds).category)

    @property
    def twins(self) -> bool:
        """Whether products that look the same may stand side by side."""
        return self.request.lifts.near_duplicates

    @property
    def group(self) -> Callable[[Rows], np.ndarray] | None:
        """Codes of rows' variant groups; None if variants may stand side by side."""
        return None if self.request.variants else lambda rows: self.now.columns(rows).group

    @cached_property
    def seed_rows(self) -> Rows:
        """``(S,)`` the rows of the seeds; none for a photo."""
        return self.known(self.request.seeds)

    def known(self, product_ids: Sequence[str]) -> Rows:
        """The rows of products, without those that have none."""
        row_of = self.live.generation.row_of
        return np.array([row_of[one] for one in product_ids if one in row_of], dtype=np.int64)

    @cached_property
    def _never(self) -> Rows:
        seeds = () if self.request.lifts.seed else self.request.seeds
        return self.known((*seeds, *self.request.exclude, *self.request.less))

    @cached_property
    def _less(self) -> np.ndarray | None:
        less = self.known(self.request.less)
        return self.live.generation.vectors[less] * self.scale if len(less) else None


def _remembered(now: FactsSnapshot) -> Callable[[Filter, Rows], np.ndarray]:
    """Which rows match a rule's filter, read once an answer."""
    masks: dict[Filter, np.ndarray] = {}

    def passes(wanted: Filter, rows: Rows) -> np.ndarray:
        if wanted not in masks:
            masks[wanted] = now.mask(wanted)
        return masks[wanted][rows]

    return passes
