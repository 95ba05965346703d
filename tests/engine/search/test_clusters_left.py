"""Of several clusters only those that lack hits are searched further."""

import numpy as np
import pytest

from engine.search import search as module
from engine.search.search import search
from engine.search.search_query import SearchQuery
from tests.engine.generations import publish


class Seventh:
    """The first query may find any row, the second one in seven."""

    def take(self, rows):
        return np.stack([np.ones(len(rows), dtype=bool), rows % 7 == 0])


@pytest.mark.parametrize("shared", [True, False])
def test_only_clusters_that_lack_hits_are_proposed_for_again(tmp_path, monkeypatch, shared):
    generation = publish(tmp_path, 400, search_k=400)
    vectors = np.array(generation.vectors[[3, 90]])
    clusters = np.array([0, 1])
    query = SearchQuery(vectors, 8, (Seventh(),), clusters=clusters, shared=shared)
    expected = search(generation, query)  # all rows are scored
    monkeypatch.setattr(module, "SCAN_CELLS", 0)
    monkeypatch.setattr(module, "FETCH", 8)
    monkeypatch.setattr(module, "NODES_PER_ROW", 1_000)
    monkeypatch.setattr(module, "_worth_proposing", lambda count, _, fetch, most: fetch < count)
    asked, propose = [], module.propose

    def noted(generation, query, fetch, per_vector, clusters):
        asked.append(tuple(clusters))
        return propose(generation, query, fetch, per_vector, clusters)

    monkeypatch.setattr(module, "propose", noted)
    assert search(generation, query) == expected
    assert asked[0] == (0, 1) and set(asked[1:]) == {(1,)}
