import json

import numpy as np
import pytest

from catalog.records import ProductRecord
from engine.encoders.facets import FacetLayout, unit_rows
from engine.evaluation.evaluate import Contender, evaluate, only, score_weights
from engine.evaluation.metrics import nearest, score_relations
from engine.evaluation.text import as_json, as_text
from engine.labels.labels import label_products

LAYOUT = FacetLayout.of({"shape": 3, "colour": 4, "pattern": 2})
TYPES, COLOURS, PATTERNS = (
    ("shirt", "jeans", "hat"),
    ("red", "blue", "tan", "black"),
    ("check", "solid"),
)


def shop(count=48):
    """Products whose rows hold their attributes, one facet block each."""
    draw = np.random.default_rng(0)
    codes = {
        "shape": draw.integers(0, 3, count),
        "colour": draw.integers(0, 4, count),
        "pattern": draw.integers(0, 2, count),
    }
    records = [
        ProductRecord(
            f"p{n}",
            "",
            n,
            category=(TYPES[codes["shape"][n]],),
            colour=COLOURS[codes["colour"][n]],
            pattern=PATTERNS[codes["pattern"][n]],
            gender="female",
        )
        for n in range(count)
    ]
    blocks = {
        name: np.eye(stop - start)[codes[name]] + draw.normal(size=(count, stop - start)) * 0.02
        for name, (start, stop) in LAYOUT.slices.items()
    }
    return label_products(records), LAYOUT.compose(blocks)


def test_all_weight_on_a_facet_finds_that_facet():
    labels, rows = shop()
    report = evaluate(labels, [Contender("encoder", rows, layout=LAYOUT)])
    focus = {score.facet: score for score in report.results[0].focus}
    assert list(focus) == ["shape", "colour", "pattern"]
    for score in focus.values():
        assert score.focused.value > 0.99
        assert score.default.value < score.focused.value


def test_weighing_equals_composing_with_those_weights():
    labels, rows = shop()
    weights = {"shape": 0.2, "colour": 0.7, "pattern": 0.1}
    heavy = FacetLayout(LAYOUT.slices, weights)
    composed = heavy.compose({name: LAYOUT.block(rows, name) for name in LAYOUT.names})
    relations = {"x": labels.joint("type", "colour")}
    got = score_weights(rows, LAYOUT, relations, weights)["x"]
    expected = score_relations(composed, relations)["x"]
    np.testing.assert_allclose(got.map_at_r, expected.map_at_r, atol=1e-9)


def test_a_request_for_one_facet_has_no_other():
    assert only(LAYOUT, "colour") == {"shape": 0.0, "colour": 1.0, "pattern": 0.0}


def test_the_random_order_stands_last_and_low():
    labels, rows = shop()
    report = evaluate(labels, [Contender("encoder", rows, layout=LAYOUT)])
    assert [result.name for result in report.results] == ["encoder", "random order"]
    best, chance = (result.relations[3] for result in report.results)
    assert best.relation == chance.relation == "same type and colour"
    assert best.seeds == chance.seeds
    assert best.precision_at_10.low > chance.precision_at_10.high


def test_same_product_retrieval_is_among_photos():
    labels, _ = shop(6)
    owners = np.repeat(np.arange(6), 2)
    photos = np.eye(6, dtype=np.float32)[owners]
    photos[0] = photos[3]  # a photo that looks like another product's
    report = evaluate(labels, [Contender("encoder", np.eye(6)[:, :6], photos=photos)], owners)
    shared = report.results[0].same_product
    assert shared.seeds == 12
    assert shared.recall_at_1.value == pytest.approx(9 / 12)  # 0, 2 and 3 are led astray
    assert report.photos == 12


def test_the_confusion_counts_neighbours_of_other_colours():
    labels, rows = shop(30)
    table = evaluate(labels, [Contender("encoder", rows)]).confusion
    codes = labels.columns["colour"]
    words = labels.words["colour"]
    expected = np.zeros((4, 4), dtype=int)
    for seed, found in enumerate(nearest(rows, rows, 10)):
        for row in found:
            true, other = words[codes[seed]], words[codes[row]]
            expected[table.words.index(true), table.words.index(other)] += 1
    np.testing.assert_array_equal(table.counts, expected)
    assert [sum(row) for row in table.counts] == sorted(map(sum, table.counts), reverse=True)


def test_a_report_reads_well_and_survives_json():
    labels, rows = shop()
    layout = FacetLayout.of({"appearance": rows.shape[1]})
    report = evaluate(
        labels, [Contender("tower", rows, layout=LAYOUT), Contender("raw", rows, layout=layout)]
    )
    text = as_text(report)
    for part in ("48 products", "tower", "raw", "random order", "same type, colour and gender"):
        assert part in text
    assert "tower: shape" in text
    assert "raw: appearance" not in text
    again = json.loads(as_json(report, split="v1"))
    assert again["split"] == "v1"
    assert again["results"][0]["relations"][0]["relation"] == "same type"


def test_products_of_which_nothing_is_known_give_an_honest_report():
    labels = label_products([ProductRecord(f"p{n}", "", n) for n in range(3)])
    report = evaluate(labels, [Contender("encoder", unit_rows(np.ones((3, 2))))])
    assert report.results[0].relations[0].seeds == 0
    assert json.loads(as_json(report))["results"][0]["relations"][0]["map_at_r"]["value"] is None
    assert "-" in as_text(report)
