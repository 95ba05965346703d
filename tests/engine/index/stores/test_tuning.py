"""How many nodes are inspected: by the default weights, by one facet alone, and between."""

import numpy as np
import pytest

from engine.encoders.facets import FacetLayout
from engine.errors import GenerationError
from engine.index.stores.recall import facet_alone
from engine.index.stores.store import Built
from engine.index.stores.tuning import own_facets, search_k_of, tune
from engine.search import search as search_module
from engine.search.search import search
from engine.search.search_query import SearchQuery
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.generations import publish, random_rows

LAYOUT = FakeEncoder().layout
ROWS = random_rows(LAYOUT, 400)


class Scans:
    """Finds the exact neighbours, but of queries by colour alone none with few nodes."""

    growth = 1.0

    def __init__(self, needs: int) -> None:
        self.needs = needs

    def nearest(self, query: np.ndarray, n: int, search_k: int) -> np.ndarray:
        alone = not query[slice(*LAYOUT.slices["shape"])].any()
        colour = query[slice(*LAYOUT.slices["colour"])].any()
        order = np.argsort(-(ROWS @ query))
        return order[-n:] if alone and colour and search_k < self.needs else order[:n]


def tuned(needs: int, all_rows: int | None, most: int = 1_000, own: tuple[str, ...] = ()):
    built = Built(Scans(needs), (), 1, 10, most, all_rows, "Do this.", "Faster.", own)
    return tune(built, ROWS, LAYOUT, EngineSettings())[0]


def test_search_k_is_found_for_each_facet_alone():
    found = tuned(needs=100, all_rows=None)
    assert (found.search_k, found.recall) == (10, 1.0)
    assert found.search_k_by_facet == dict.fromkeys(LAYOUT.names, 10) | {"colour": 160}
    assert set(found.recall_by_facet.values()) == {1.0}


def test_of_a_facet_with_an_index_of_its_own_that_one_is_measured():
    found = tuned(needs=100, all_rows=None, own=("colour",))
    assert found.search_k_by_own == {"colour": 160}
    assert found.search_k_by_facet == dict.fromkeys(LAYOUT.names, 10) | {"colour": 1_000}
    assert tuned(needs=100, all_rows=None).search_k_by_own == {}


def test_what_finds_no_more_is_not_inspected():
    class Cut(Scans):
        """Of queries by colour alone it never finds the tenth of ten."""

        def nearest(self, query: np.ndarray, n: int, search_k: int) -> np.ndarray:
            found = super().nearest(query, n, search_k)
            alone = not query[slice(*LAYOUT.slices["shape"])].any()
            colour = query[slice(*LAYOUT.slices["colour"])].any()
            return found[: n - 1] if alone and colour else found

    built = Built(Cut(100), (), 1, 10, 1_000, None, "Do this.", "Faster.", ("colour",))
    settings = EngineSettings(min_facet_recall=0.8)
    found = tune(built, ROWS, LAYOUT, settings)[0]
    assert found.search_k_by_own == {"colour": 160}
    assert found.recall_by_facet["colour"] == pytest.approx(0.9)


def test_facets_that_decide_little_have_an_index_of_their_own():
    assert own_facets(LAYOUT) == {name: LAYOUT.slices[name] for name in ("colour", "pattern")}
    assert own_facets(FacetLayout.of({"looks": 8})) == {}


def test_where_scoring_all_rows_is_faster_they_are_scored():
    found = tuned(needs=300, all_rows=200)
    assert found.search_k_by_facet["colour"] == 200 and found.recall_by_facet["colour"] == 1.0


def test_a_facet_whose_recall_cannot_be_reached_is_named():
    with pytest.raises(GenerationError, match=r"of queries by colour alone of 0\.0.*Do this"):
        tuned(needs=10_000, all_rows=None)


@pytest.fixture(scope="module")
def generation(tmp_path_factory):
    return publish(tmp_path_factory.mktemp("tuned"), 4_000, search_k=200)


@pytest.mark.parametrize("growth", [1.0, 2.0])
def test_queries_inspect_more_the_more_a_facet_weighs(generation, growth):
    alone = dict.fromkeys(LAYOUT.names, 200) | {"colour": 20_000}
    manifest = generation.manifest.model_copy(update={"search_k": 200, "search_k_by_facet": alone})
    row = ROWS[3]

    def inspected(weights: dict[str, float]) -> int:
        return search_k_of(manifest, LAYOUT, growth, LAYOUT.reweigh(row, weights))

    assert inspected({}) == pytest.approx(200, abs=1)
    default = LAYOUT.weights["colour"]
    rising = [inspected({"colour": times * default}) for times in (0.5, 1, 2, 4, 8, 1_000)]
    assert rising == sorted(rising) and rising[:2] == [200, 200]
    assert 200 < rising[2] < rising[3] < 20_000 and rising[-1] > 18_000
    half_way = {"colour": 0.5 + default / 2, "shape": 0.5 - default / 2, "pattern": 0.0}
    assert inspected(half_way) == pytest.approx(200 * 100 ** (0.5**growth), rel=0.01)
    assert search_k_of(manifest, LAYOUT, growth, row * facet_alone(LAYOUT, "colour")) == 20_000
    own = manifest.model_copy(update={"search_k_by_own": {"colour": 300}})
    assert search_k_of(own, LAYOUT, growth, row * facet_alone(LAYOUT, "colour")) == 300
    assert search_k_of(own, LAYOUT, growth, row) == 200
    nearly = LAYOUT.reweigh(row, {"shape": 0.01, "colour": 1.0, "pattern": 0.0})
    assert search_k_of(own, LAYOUT, growth, nearly) > 5_000
    earlier = manifest.model_copy(update={"search_k_by_facet": {}})
    assert search_k_of(earlier, LAYOUT, growth, row * facet_alone(LAYOUT, "colour")) == 200


@pytest.mark.parametrize("facet", LAYOUT.names)
def test_answers_by_one_facet_have_the_required_recall(generation, monkeypatch, facet):
    monkeypatch.setattr(search_module, "SCAN_CELLS", 0)
    rows = np.asarray(generation.vectors)
    found = 0
    for seed in range(0, 4_000, 100):
        query = (rows[seed] * facet_alone(LAYOUT, facet))[np.newaxis]
        scores = (rows @ query[0].astype(float)).round(6)
        bar = np.sort(scores)[-10]
        hits = search(generation, SearchQuery(query, 10, near_duplicates=True))[0]
        found += sum(scores[hit.row] >= bar - 1e-6 for hit in hits)
    assert found / 400 >= 0.98
