import numpy as np

from engine.applications.nearest import nearest
from tests.engine.generations import publish


def test_the_nearest_rows_are_those_of_a_full_sort(tmp_path):
    generation = publish(tmp_path, 60)
    rows = np.asarray(generation.vectors[:])
    for at in (0, 31):
        found, cosines = nearest(generation, rows[at], 5)
        exact = rows @ rows[at]
        assert found.tolist() == np.lexsort((np.arange(60), -exact))[:5].tolist()
        np.testing.assert_allclose(cosines, exact[found], atol=1e-6)
        assert found[0] == at


def test_of_few_rows_all_are_returned(tmp_path):
    generation = publish(tmp_path, 3)
    assert len(nearest(generation, generation.vectors[0], 10)[0]) == 3
