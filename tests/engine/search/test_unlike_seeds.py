"""What has the photo of a seed is no look-alike of it: another size, for example."""

import numpy as np

from engine.search.search import unlike
from engine.search.search_query import Hit

VECTORS = np.array([[1, 0], [1, 0.001], [0, 1], [0.6, 0.8]], dtype=np.float32)


def rows(seeds):
    hits = [Hit(row, 0.5, 0, 0.5) for row in range(4)]
    return [hit.row for hit in unlike(VECTORS, np.array(seeds, dtype=np.int64), hits)]


def test_what_has_the_photo_of_a_seed_is_left_out():
    assert rows([0]) == [0, 2, 3]  # the seed itself is the business of its own guard
    assert rows([0, 2]) == [0, 2, 3]
    assert rows([]) == [0, 1, 2, 3]
