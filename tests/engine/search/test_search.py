from dataclasses import dataclass, field

import numpy as np
import pytest

from engine.index.generation import Generation
from engine.search import search as module
from engine.search.duplicates import NEAR_DUPLICATE
from engine.search.row_values import AllBonuses, AllRows
from engine.search.search import search
from engine.search.search_query import LESS_SHARE, SearchQuery
from tests.engine.generations import publish


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Generation:
    """400 rows, found exhaustively, so that Annoy's own misses cannot be blamed."""
    return publish(tmp_path_factory.mktemp("search"), 400, search_k=5 * 400)


@dataclass
class Counting:
    """Values of all rows; ``counts`` are the numbers of rows taken."""

    values: np.ndarray
    counts: list[int] = field(default_factory=list)

    def take(self, rows: np.ndarray) -> np.ndarray:
        self.counts.append(len(rows))
        return self.values[..., rows]

    @property
    def all(self) -> np.ndarray:
        return np.flatnonzero(self.values)


def slow_search(vectors, queries, fits, k) -> list[tuple[int, float]]:
    """Score every row by its definition, sort, and walk down."""
    scored = []
    for row in range(len(vectors)):
        scores = [
            float(query.astype(float) @ vectors[row].astype(float))
            for query, fit in zip(queries, fits, strict=True)
            if fit[row]
        ]
        if scores:
            scored.append((row, round(max(scores), 6)))
    scored.sort(key=lambda item: (-item[1], item[0]))
    shown: list[tuple[int, float]] = []
    for row, score in scored:
        if all(float(vectors[row] @ vectors[other]) < NEAR_DUPLICATE for other, _ in shown):
            shown.append((row, score))
        if len(shown) == k:
            break
    return shown


@pytest.mark.parametrize("path", ["scan", "index"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("weights", [{}, {"colour": 3}, {"shape": 0, "pattern": 0}])
def test_the_answer_is_the_exact_one(generation, monkeypatch, path, share, seeds, weights):
    monkeypatch.setattr(module, "SCAN_CELLS", 10**9 if path == "scan" else 0)
    random = np.random.default_rng(int(share * 1000) + seeds)
    vectors = generation.vectors
    chosen = random.integers(len(vectors), size=seeds)
    queries = np.stack([generation.layout.reweigh(vectors[row], weights) for row in chosen])
    fits = random.random((seeds, len(vectors))) < share
    k = 12
    [hits] = search(generation, SearchQuery(queries, k, (AllRows(fits),)))
    expected = slow_search(vectors, queries, fits, k)
    assert [hit.row for hit in hits] == [row for row, _ in expected]
    assert [hit.score for hit in hits] == pytest.approx([score for _, score in expected], abs=2e-6)
    assert all(fits[hit.query, hit.row] for hit in hits)


def test_the_index_proposes_first_and_all_rows_are_scored_only_if_it_falls_short(
    generation, monkeypatch
):
    monkeypatch.setattr(module, "SCAN_CELLS", 0)
    query = generation.vectors[:1]
    everything = Counting(np.ones((1, 400), dtype=bool))
    search(generation, SearchQuery(query, 5, (everything,)))
    assert everything.counts == [module.FETCH]
    far = Counting((generation.vectors @ query[0] < 0)[np.newaxis])
    [hits] = search(generation, SearchQuery(query, 5, (far,)))
    assert far.counts == [module.FETCH, 400] and len(hits) == 5


def test_a_seed_whose_candidates_are_all_guarded_is_not_forgotten(generation, monkeypatch):
    """Enough answers for the first seed must not hide better ones for the second."""
    monkeypatch.setattr(module, "SCAN_CELLS", 0)
    vectors = generation.vectors
    ranked = -np.sort(-(vectors @ vectors.T), axis=1)
    lonely, crowded = ranked[:, 70].argmin(), ranked[:, module.FETCH + 12].argmax()
    assert ranked[lonely, 70] < ranked[crowded, module.FETCH + 12]
    queries = vectors[[lonely, crowded]]
    fits = np.ones((2, 400), dtype=bool)
    fits[:, np.argsort(-(vectors @ queries[1]))[: module.FETCH]] = False
    fits[0, np.argsort(-(vectors @ queries[0]))[:70]] = False
    [hits] = search(generation, SearchQuery(queries, 12, (AllRows(fits),)))
    assert [hit.row for hit in hits] == [r for r, _ in slow_search(vectors, queries, fits, 12)]


def test_of_many_copies_one_is_shown_and_the_rest_make_room(tmp_path, monkeypatch):
    import tests.engine.generations as generations

    fresh = generations.random_rows
    rows = fresh(generations.FakeEncoder().layout, 300)
    rows[:200] = rows[0]
    monkeypatch.setattr(generations, "random_rows", lambda *_: rows)
    generation = publish(tmp_path, 300)
    [hits] = search(generation, SearchQuery(rows[:1], 12))
    assert hits[0].row == 0 and len(hits) == 12
    assert [hit.row for hit in hits] == [
        r for r, _ in slow_search(rows, rows[:1], np.ones((1, 300), bool), 12)
    ]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Generation:
    """4,000 rows: enough for one in two thousand to be two of them."""
    return publish(tmp_path_factory.mktemp("many"), 4_000, search_k=5_000)


@pytest.mark.parametrize("path", ["scan", "index"])
@pytest.mark.parametrize("share", [0.5, 0.05, 0.005, 0.0005, 0])
@pytest.mark.parametrize("seeds", [1, 2])
def test_a_filter_is_exact_at_any_selectivity(many, monkeypatch, path, share, seeds):
    monkeypatch.setattr(module, "SCAN_CELLS", 10**9 if path == "scan" else 0)
    random = np.random.default_rng(seeds)
    matching = np.zeros(4_000, dtype=bool)
    matching[random.choice(4_000, int(4_000 * share), replace=False)] = True
    wanted = Counting(matching)
    queries = many.vectors[random.integers(4_000, size=seeds)]
    everything = np.ones((seeds, 4_000), dtype=bool)
    [hits] = search(many, SearchQuery(queries, 12, (AllRows(everything),), filter=wanted))
    expected = slow_search(many.vectors, queries, everything & matching, 12)
    assert [hit.row for hit in hits] == [row for row, _ in expected]
    if share == 0.5:
        assert max(wanted.counts, default=0) < 400  # of the nearest rows, not of the catalogue
    if share < 0.005:
        assert wanted.counts == []  # what matches is scored


@pytest.mark.parametrize("path", ["scan", "index"])
def test_a_bonus_lifts_what_the_index_would_not_propose(generation, monkeypatch, path):
    monkeypatch.setattr(module, "SCAN_CELLS", 10**9 if path == "scan" else 0)
    query = generation.vectors[:1]
    cosines = generation.vectors.astype(float) @ query[0].astype(float)
    order = np.argsort(-cosines)
    last, third = order[-1], order[2]
    added = np.zeros(400)
    added[last], added[third] = 2.0, -2.0
    [hits] = search(generation, SearchQuery(query, 5, bonus=AllBonuses(added[np.newaxis])))
    values = (cosines + added).round(6)
    assert [hit.row for hit in hits] == np.argsort(-values, kind="stable")[:5].tolist()
    assert hits[0].row == last and hits[0].score == pytest.approx(cosines[last], abs=1e-6)
    assert third not in [hit.row for hit in hits]


@pytest.mark.parametrize("path", ["scan", "index"])
def test_what_is_like_a_negative_comes_later(generation, monkeypatch, path):
    monkeypatch.setattr(module, "SCAN_CELLS", 10**9 if path == "scan" else 0)
    vectors = generation.vectors.astype(float)
    query, less = generation.vectors[:1], generation.vectors[[7, 90]]
    [hits] = search(generation, SearchQuery(query, 40, less=less))
    near = np.maximum(0, np.max(vectors @ less.T.astype(float), axis=1))
    values = (vectors @ query[0].astype(float) - LESS_SHARE * near).round(6)
    assert [hit.row for hit in hits] == np.lexsort((np.arange(400), -values))[:40].tolist()


def test_a_cluster_has_what_is_nearest_to_its_own_queries(generation):
    queries = generation.vectors[[3, 200, 350]]
    query = SearchQuery(queries, 10, clusters=np.array([0, 1, 0]))
    first, second = search(generation, query)
    nearest = (generation.vectors @ queries.T).argmax(axis=1)
    assert {hit.query for hit in first} == {0, 2} and {hit.query for hit in second} == {1}
    for hit in (*first, *second):
        assert hit.query == nearest[hit.row]
    assert not {hit.row for hit in first} & {hit.row for hit in second}


def test_no_duplicate_of_what_is_shown_is_found(generation):
    groups = np.arange(400) // 2
    query = SearchQuery(generation.vectors[:1], 400, groups=AllRows(groups), shown=np.array([11]))
    [hits] = search(generation, query)
    found = {hit.row for hit in hits}
    assert not found & {10, 11} and len(found) == 199
    assert len({row // 2 for row in found}) == 199
