"""What every store must do; the expected answers come from all rows, by the definition."""

import threading

import numpy as np
import pytest

from engine.errors import GenerationError
from engine.index import build
from engine.index.generation import Generation
from engine.index.merged import open_merged
from engine.index.stores.annoy import ANNOY
from engine.index.stores.recall import ExactNeighbours, facet_alone, sample_rows
from engine.index.stores.store import VectorStore
from engine.search.live_index import LiveIndex
from engine.search.search import search
from engine.search.search_query import SearchQuery
from tests.engine.generations import publish, publish_delta, random_rows
from tests.engine.search.test_live_index import NoFacts
from tests.engine.search.test_search import Counting

COUNT, K = 2_000, 12
WEIGHTS = [{}, {"colour": 3.0}, {"shape": 0.0, "colour": 0.0}]


@pytest.fixture(scope="module")
def generation(store: VectorStore, tmp_path_factory: pytest.TempPathFactory) -> Generation:
    """A published generation. Only read it."""
    return publish(tmp_path_factory.mktemp("store"), COUNT, store=store, search_k=3_000)


def exact(vectors: np.ndarray, query: np.ndarray, fits: np.ndarray) -> list[tuple[int, float]]:
    """Rows and scores, by the definition."""
    scores = (vectors.astype(float) @ query.astype(float)).round(6)
    order = np.lexsort((np.arange(len(scores)), -scores))
    return [(int(row), float(scores[row])) for row in order if fits[row]][:K]


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def found(generation: Generation, query: np.ndarray, fits: np.ndarray) -> list[tuple[int, float]]:
    """The same by the search, with a filter."""
    wanted = SearchQuery(query[np.newaxis], K, filter=Counting(fits), near_duplicates=True)
    return [(hit.row, hit.score) for hit in search(generation, wanted)[0]]


def test_rows_are_those_that_were_stored(generation):
    rows = random_rows(generation.layout, COUNT)
    chosen = np.array([5, 1_999, 5, 0, -1])
    assert np.array_equal(generation.vectors[chosen], rows[chosen])
    assert np.array_equal(generation.vectors[3], rows[3])
    assert np.array_equal(generation.vectors[10:400], rows[10:400])
    assert np.array_equal(np.asarray(generation.vectors), rows)
    assert np.array_equal(generation.vectors @ rows[:2].T, rows @ rows[:2].T)
    with pytest.raises(IndexError):
        generation.vectors[np.array([COUNT])]


def test_neighbours_come_best_first_with_the_measured_recall(generation, store):
    rows = np.asarray(generation.vectors)
    search_k = generation.manifest.search_k
    sample = sample_rows(COUNT, 7, 50)
    assert ExactNeighbours.of(rows, sample).recall(generation.index, search_k) >= 0.99
    assert (generation.manifest.store, generation.manifest.metric) == (store.name, store.metric)
    nearest, bound = generation.candidates(rows[9], 40, search_k)
    scores = rows[nearest] @ rows[9]
    assert nearest[0] == 9 and len(set(nearest.tolist())) == 40
    assert (np.diff(scores) < 1e-6).all() and bound == pytest.approx(scores[-1])


@pytest.mark.parametrize("facet", ["colour", "pattern"])
def test_queries_by_a_facet_of_little_weight_have_their_own_index(generation, store, facet):
    manifest, index = generation.manifest, generation.index
    rows, alone = np.asarray(generation.vectors), facet_alone(generation.layout, facet)
    search_k = generation.search_k_of(rows[5] * alone)
    if store is not ANNOY:
        assert set(manifest.search_k_by_own) == {"colour", "pattern"}
        assert search_k == manifest.search_k_by_own[facet]
    sample = sample_rows(COUNT, 3, 100)
    assert ExactNeighbours.of(rows, sample, scale=alone).recall(index, search_k) >= 0.98
    nearest, bound = generation.candidates(rows[9] * alone, 40, search_k)
    scores = rows[nearest] @ (rows[9] * alone)
    assert (np.diff(scores) < 1e-6).all() and bound == pytest.approx(scores[-1], abs=1e-6)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("share", [1.0, 0.5, 0.05, 0.005, 0.0005, 0.0])
def test_answers_are_exact_by_any_facets_and_through_any_filter(generation, share, weights):
    rows = np.asarray(generation.vectors)
    random = np.random.default_rng(int(share * 10_000))
    fits = np.zeros(COUNT, dtype=bool)
    fits[random.choice(COUNT, round(share * COUNT), replace=False)] = True
    for row in (3, 777):
        query = generation.layout.reweigh(rows[row], weights)
        answer, expected = found(generation, query, fits), exact(rows, query, fits)
        assert [one for one, _ in answer] == [one for one, _ in expected]
        assert [score for _, score in answer] == pytest.approx([score for _, score in expected])


@pytest.mark.parametrize(
    ("query", "n", "search_k"),
    [
        (np.ones(38, np.float32), 5, 100),
        (np.ones((1, 39), np.float32), 5, 100),
        (np.zeros(39, np.float32), 5, 100),
        (np.full(39, np.nan, np.float32), 5, 100),
        (np.ones(39, np.float32), 0, 100),
        (np.ones(39, np.float32), 5, 0),
    ],
)
def test_what_is_no_query_is_refused(generation, query, n, search_k):
    with pytest.raises(ValueError, match="must be"):
        generation.index.nearest(query, n, search_k)


def test_a_delta_is_searched_with_its_generation(store, home):
    publish(home, 300, store=store, search_k=3_000)
    rows = random_rows(open_merged(home / "index", store=store).layout, 3, seed=5)
    live = publish_delta(home, ["r0007", "s1", "s2"], rows, gone=["r0011"], store=store)
    assert live.name.endswith("+1") and len(live.ids) == 301
    fits = np.ones(301, dtype=bool)
    everything = np.asarray(live.vectors)
    for query in (rows[0], rows[2], everything[40]):
        assert found(live, query, fits) == exact(everything, query, fits)
    first = found(live, rows[1], fits)[0]
    assert live.ids[first[0]] == "s1" and "r0011" not in live.row_of
    again = open_merged(home / "index", store=store)
    assert again.name == live.name and np.array_equal(again.vectors[:], everything)


def test_rows_of_another_length_than_the_layout_are_not_published(store, home):
    made = publish(home, 40, store=store)
    ids, rows = [f"r{row:04}" for row in range(40)], random_rows(made.layout, 40, seed=1)
    with pytest.raises(ValueError, match="39"):
        publish(home, of=(ids, rows[:, :38]), store=store)
    assert open_merged(home / "index", store=store).name == made.name


def test_a_build_that_ends_halfway_leaves_the_live_generation(store, home, monkeypatch):
    made = publish(home, 40, store=store)
    before = np.array(made.vectors)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(build, "close_levels", interrupted)  # rows and index are written
        publish(home, 40, 1, store=store)
    live = open_merged(home / "index", store=store)
    assert live.name == made.name and np.array_equal(live.vectors[:], before)
    assert live.index.nearest(before[4], 3, 100)[0] == 4
    newer = publish(home, 40, 2, store=store)
    store.prune(1)
    assert open_merged(home / "index", store=store).name == newer.name


def test_a_generation_is_opened_again_by_another_process(store, home, request):
    made = publish(home, 100, store=store, search_k=3_000)
    other = store if store is ANNOY else request.getfixturevalue("server").another(store)
    opened = open_merged(home / "index", store=other)
    assert opened.name == made.name and opened.index.nearest(made.vectors[4], 3, 100)[0] == 4


def test_requests_that_come_as_generations_are_swapped_get_whole_answers(store, home):
    """Each answer is that of one generation: no error, no row of one scored by another."""
    first = publish(home, 200, store=store, search_k=3_000)
    live = LiveIndex(home / "index", NoFacts(), store)
    expected = {}
    fits = np.ones(200, dtype=bool)
    query = np.asarray(first.vectors)[17]

    def expect(generation: Generation) -> None:
        expected[generation.name] = exact(np.asarray(generation.vectors), query, fits)

    expect(first)
    answers: list[tuple[str, list[tuple[int, float]]]] = []
    failures: list[Exception] = []
    done = threading.Event()

    def send() -> None:
        while not done.is_set():
            try:
                generation = live.current().generation
                answers.append((generation.name, found(generation, query, fits)))
            except Exception as error:
                failures.append(error)
                return

    senders = [threading.Thread(target=send) for _ in range(2)]
    for sender in senders:
        sender.start()
    try:
        for seed in (1, 2, 3):
            expect(publish(home, 200, seed, store=store, search_k=3_000))
            store.prune(1)
    finally:
        done.set()
        for sender in senders:
            sender.join()
    assert not failures
    assert answers and all(rows == expected[name] for name, rows in answers)
    assert live.current().generation.name == list(expected)[-1]


@pytest.mark.parametrize("by_facet", [False, True])
def test_too_little_recall_is_not_published(store, home, monkeypatch, by_facet):
    made = publish(home, 60, store=store)

    def recall(exact: ExactNeighbours, *_: object) -> float:
        of_facet = not np.array_equal(exact.queries, exact.vectors[exact.seeds])
        return 0.5 if of_facet == by_facet else 1.0

    monkeypatch.setattr(ExactNeighbours, "recall", recall)
    if by_facet and store is ANNOY:  # which has the rows at hand, and scores all of them
        found = publish(home, 60, 1, store=store).manifest
        assert set(found.recall_by_facet.values()) == {1.0}
        assert min(found.search_k_by_facet.values()) >= 60
        return
    which = " of queries by .* alone" if by_facet else ""
    with pytest.raises(GenerationError, match=f"recall@10{which} of 0.5.* nothing was published"):
        publish(home, 60, 1, store=store)
    assert open_merged(home / "index", store=store).name == made.name
