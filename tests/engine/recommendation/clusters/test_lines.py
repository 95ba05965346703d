"""Lines of hits: one for each seed while there is a place for each, else one for each cluster."""

from engine.recommendation.clusters.lines import lines_of
from engine.recommendation.clusters.seed_clusters import SeedCluster

CLUSTERS = (SeedCluster(1, (1, 2, 4), 3.5), SeedCluster(3, (0, 3), 1.0))
WEIGHTS = (0.5, 1.0, 2.0, 0.5, 0.5)


def test_with_a_place_for_each_seed_every_seed_has_a_line_and_clusters_alternate():
    lines = lines_of(CLUSTERS, WEIGHTS, 5)
    assert lines.of_seed.tolist() == [1, 0, 2, 3, 4]  # seeds 1 0, 2 3, 4
    assert lines.weights == (1.0, 0.5, 2.0, 0.5, 0.5) and lines.shared and len(lines) == 5


def test_of_more_seeds_than_places_clusters_have_lines():
    lines = lines_of(CLUSTERS, WEIGHTS, 4)
    assert lines.of_seed.tolist() == [1, 0, 0, 1, 0]
    assert lines.weights == (3.5, 1.0) and not lines.shared


def test_one_seed_or_photo_is_one_line_of_its_own():
    lines = lines_of([SeedCluster(0, (0,), 1.0)], [1.0], 1)
    assert lines.of_seed.tolist() == [0] and not lines.shared and len(lines) == 1
