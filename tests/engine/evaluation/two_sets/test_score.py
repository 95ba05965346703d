import numpy as np
import pytest

from catalog.records import ProductRecord
from engine.encoders.facets import FacetLayout
from engine.errors import RequestError
from engine.evaluation.two_sets import score
from engine.evaluation.two_sets.score import TwoSets, judge_two_sets, note, weights_name
from engine.labels.labels import label_products
from engine.labels.type_words import answers

LAYOUT = FacetLayout.of({"shape": 3, "colour": 2}, {"shape": 0.6, "colour": 0.4})
SHOP = ("Tshirts", "Sweatshirts", "Caps", "Casual Shoes", "")
PEOPLE = ("Polo", "Hoodie", "Hat", "Shoes", "Body", "")


def table(types):
    return label_products(
        [
            ProductRecord(f"p{n}", "", n, category=(kind,) if kind else ())
            for n, kind in enumerate(types)
        ]
    )


def slow(queries, gallery, query_rows, gallery_rows):
    """One query, one product at a time."""
    found = []
    for at, row in enumerate(query_rows):
        word = queries.text("type", at)
        right = answers(word) if word else set()
        known = [n for n in range(len(gallery)) if gallery.text("type", n) is not None]
        relevant = sum(gallery.text("type", n) in right for n in known)
        if not relevant:
            continue
        known.sort(key=lambda n: (-float(row @ gallery_rows[n]), n))
        hits = [gallery.text("type", n) in right for n in known][:10]
        found.append((sum(hits) / min(10, relevant), sum(hits) / 10, float(hits[0])))
    return found


@pytest.mark.parametrize("cells", [1, 150, 4_000_000])
def test_scores_equal_the_slow_twin_with_ties_whatever_the_chunks(monkeypatch, cells):
    monkeypatch.setattr(score, "_CELLS", cells)
    draw = np.random.default_rng(0)
    queries, gallery = table(draw.choice(PEOPLE, 30)), table(draw.choice(SHOP, 50))
    ours, theirs = (draw.integers(0, 2, (n, 5)).astype(np.float32) for n in (30, 50))
    sets = TwoSets.of(queries, np.arange(30), gallery, np.arange(30))
    judged = judge_two_sets(sets, ours, theirs, LAYOUT, {"shape": 1, "colour": 3})
    names = [one.weights for one in judged]
    assert names == ["default", "shape", "colour", "shape 0.25, colour 0.75"]
    for one, scale in zip(
        judged, ([1] * 5, [1] * 3 + [0] * 2, [0] * 3 + [1] * 2, [5] * 3 + [22.5] * 2), strict=True
    ):
        expected = slow(queries, gallery, ours * np.array(scale), theirs)
        got = np.stack(list(one.values.values()), axis=1)
        np.testing.assert_allclose(got, expected)
        assert len(one.groups) == one.seeds == len(expected)


def test_a_planted_gallery_is_found_by_shape_alone():
    kinds = ["Hoodie", "Hat"] * 6
    queries, gallery = table(kinds), table(["Sweatshirts", "Caps"] * 8)
    eye = np.eye(2, dtype=np.float32)
    of = FacetLayout.of({"shape": 2, "colour": 2})
    asked = of.compose({"shape": eye[[0, 1] * 6], "colour": eye[[0, 1] * 6]})
    shop = of.compose({"shape": eye[[0, 1] * 8], "colour": eye[[1, 0] * 8]})
    sets = TwoSets.of(queries, np.arange(12), gallery, np.arange(12))
    found = {one.weights: one.values for one in judge_two_sets(sets, asked, shop, of)}
    assert found["shape"]["precision_at_10"].mean() == 1
    assert found["shape"]["strict_precision_at_10"].mean() == pytest.approx(0.8)
    assert found["colour"]["recall_at_1"].mean() == 0


def test_several_photos_of_a_product_are_queries_of_their_own():
    sets = TwoSets.of(
        table(["Hat", "Hoodie"]), np.array([0, 0, 1]), table(["Caps"]), np.array([7, 8])
    )
    assert sets.relevant.tolist() == [1, 1, 0]
    rows = np.ones((3, 5), dtype=np.float32)
    (judged,) = judge_two_sets(sets, rows, rows[:1], None)
    assert judged.groups.tolist() == [7, 7]
    assert judged.values["precision_at_10"].tolist() == [1, 1]
    assert "2 of 3 query photos" in note(sets) and "1 products" in note(sets)


@pytest.mark.parametrize(
    ("people", "shop"), [([], []), (["Hat"], []), ([], ["Caps"]), (["Hat"], [""])]
)
def test_nothing_to_judge_has_no_seeds(people, shop):
    sets = TwoSets.of(table(people), np.arange(len(people)), table(shop), np.arange(len(people)))
    rows = np.ones((1, 5), dtype=np.float32)
    judged = judge_two_sets(sets, rows[: len(people)], rows[: len(shop)], LAYOUT)
    assert [one.seeds for one in judged] == [0, 0, 0]


def test_a_model_with_weights_for_searches_by_photo_is_judged_by_them_too():
    weights = {"shape": 0.5, "colour": 0.5}
    of = FacetLayout.of({"shape": 2, "colour": 2}, weights, {"shape": 1, "colour": 0})
    kinds, eye = ["Hoodie", "Hat"] * 6, np.eye(2, dtype=np.float32)
    queries, gallery = table(kinds), table(["Sweatshirts", "Caps"] * 6)
    rows = of.compose({"shape": eye[[0, 1] * 6], "colour": eye[[0, 1] * 6]})
    shop = of.compose({"shape": eye[[0, 1] * 6], "colour": eye[[1, 0] * 6]})
    sets = TwoSets.of(queries, np.arange(12), gallery, np.arange(12))
    found = {one.weights: one.values for one in judge_two_sets(sets, rows, shop, of)}
    assert [*found] == ["default", "shape", "colour", "photo search"]
    assert found["photo search"]["precision_at_10"].mean() == 1
    assert found["default"]["precision_at_10"].mean() < 1


def test_chosen_weights_are_named_as_they_are_used():
    assert weights_name(LAYOUT, {"shape": 1, "colour": 0}) == "shape 1.00"
    assert weights_name(LAYOUT, {"colour": 1.4}) == "shape 0.30, colour 0.70"
    with pytest.raises(RequestError, match="no facet"):
        weights_name(LAYOUT, {"sleeve": 1})
