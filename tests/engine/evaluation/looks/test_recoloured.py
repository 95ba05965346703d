import numpy as np
import pytest

from engine.encoders.facets import FacetLayout, unit_rows
from engine.evaluation.contender import Contender
from engine.evaluation.looks import recoloured
from engine.evaluation.looks.recoloured import choose_photos, judge_recoloured

LAYOUT = FacetLayout.of({"shape": 12, "colour": 6})


def planted(count=40, views=25):
    """Views keep the shape block of their original and have another's colour block."""
    draw = np.random.default_rng(0)
    shape, colour = (unit_rows(draw.normal(size=(count, dim))) for dim in (12, 6))
    originals = choose_photos([f"{n}" for n in range(count)], views)
    photos = LAYOUT.compose({"shape": shape, "colour": colour})
    turned = LAYOUT.compose({"shape": shape[originals], "colour": colour[(originals + 1) % count]})
    return originals, Contender("x", photos, photos, LAYOUT, turned)


def slow_hits(queries, gallery, originals, most):
    found = []
    for query, original in zip(queries, originals, strict=True):
        order = sorted(range(len(gallery)), key=lambda n: (-float(query @ gallery[n]), n))
        found.append(float(order.index(original) < most))
    return found


@pytest.mark.parametrize("cells", [1, 130, 4_000_000])
def test_shape_finds_the_original_and_colour_is_misled(monkeypatch, cells):
    monkeypatch.setattr(recoloured, "_CELLS", cells)
    originals, contender = planted()
    judged = {one.weights: one for one in judge_recoloured(originals, contender)}
    assert list(judged) == ["default", "shape", "colour"]
    assert judged["shape"].values["first"].mean() == 1
    assert judged["colour"].values["first"].mean() == 0
    scale = np.array([2] * 12 + [0] * 6, dtype=np.float32)
    for weights, queries in (
        ("default", contender.views),
        ("shape", contender.views * scale),
    ):
        for key, most in (("first", 1), ("within_12", 12)):
            expected = slow_hits(queries, contender.photos, originals, most)
            assert judged[weights].values[key].tolist() == expected


def test_rows_that_are_all_equal_do_not_pass_for_a_perfect_ranking():
    rows = np.ones((50, 3), dtype=np.float32)
    (judged,) = judge_recoloured(np.arange(50), Contender("flat", rows, rows, None, rows))
    assert judged.values["first"].sum() == 1
    assert judged.values["within_12"].sum() == 12


def test_one_photo_is_found_among_itself():
    row = np.ones((1, 3), dtype=np.float32)
    (judged,) = judge_recoloured(np.array([0]), Contender("one", row, views=row))
    assert judged.values["first"].tolist() == [1]


def test_a_contender_without_views_is_not_judged():
    rows = np.ones((3, 3), dtype=np.float32)
    assert judge_recoloured(np.array([0]), Contender("x", rows)) == []


def test_views_must_fit_their_originals():
    rows = np.ones((3, 3), dtype=np.float32)
    with pytest.raises(ValueError, match="3 views of 2 originals"):
        judge_recoloured(np.array([0, 1]), Contender("x", rows, views=rows))


def test_photos_are_chosen_by_their_names_whatever_their_order():
    names = [f"p{n}" for n in range(60)]
    chosen = choose_photos(names, 20)
    assert len(chosen) == 20 and (np.diff(chosen) > 0).all()
    other = names[::-1]
    assert {names[n] for n in chosen} == {other[n] for n in choose_photos(other, 20)}
    grown = [*names, *(f"q{n}" for n in range(6))]
    assert len({names[n] for n in chosen} & {grown[n] for n in choose_photos(grown, 20)}) > 14
    assert choose_photos(names, 100).tolist() == list(range(60))
    assert choose_photos([], 5).shape == (0,)
