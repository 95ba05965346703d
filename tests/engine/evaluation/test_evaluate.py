import json

import numpy as np
import pytest

from catalog.records import ProductRecord
from engine.encoders.facets import FacetLayout, unit_rows
from engine.evaluation.contender import Contender, only, score_weights
from engine.evaluation.evaluate import Yardsticks, evaluate
from engine.evaluation.metrics import nearest, score_relations
from engine.evaluation.reports.html import as_html
from engine.evaluation.reports.text import as_json, as_text
from engine.labels.labels import fill_colours, label_products

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


def seen_shop(count=30, worded=0):
    """Photos alone: types and colours as in `shop`, but colours seen in the photo."""
    names = [COLOURS[n % 4] for n in range(count)]
    records = [
        ProductRecord(
            f"p{n}", "", n, category=(TYPES[n % 3],), colour=names[n] if n < worded else None
        )
        for n in range(count)
    ]
    filled = fill_colours(records, lambda row: names[row])
    blocks = {"shape": np.eye(3)[np.arange(count) % 3], "colour": np.eye(4)[np.arange(count) % 4]}
    layout = FacetLayout.of({"shape": 3, "colour": 4})
    return label_products(filled), Contender("x", layout.compose(blocks), layout=layout)


def test_colours_seen_in_the_photos_do_not_judge():
    labels, contender = seen_shop()
    assert (labels.columns["colour"] >= 0).all()
    report = evaluate(labels, [contender])
    scores = {one.relation: one for one in report.results[0].relations}
    assert scores["same type"].seeds == 30
    for relation in ("same colour", "same coarse colour", "same type and colour"):
        assert scores[relation].seeds == 0
    assert report.confusion is None
    reason = next(one.reason for one in report.not_judged if one.about == "colour")
    assert reason.startswith("the colour of 30 of 30 products was derived from the pixels")
    for text in (as_text(report), as_html(report)):
        assert "Not judged: colour; the colour of 30 of 30 products" in text
    assert json.loads(as_json(report))["not_judged"][0]["about"] == "colour"


def test_colours_that_the_shop_wrote_judge_beside_seen_ones():
    labels, contender = seen_shop(worded=12)
    scores = {one.relation: one for one in evaluate(labels, [contender]).results[0].relations}
    assert (scores["same colour"].seeds, scores["same colour"].unknown) == (12, 18)


def test_a_part_of_the_labels_remembers_which_were_seen():
    labels, _ = seen_shop(worded=2)
    part = labels.take(np.array([0, 5]))
    assert part.derived["colour"].tolist() == [False, True]
    assert not label_products([ProductRecord("a", "", 1, colour="red")]).derived


def looks_shop():
    """24 designs in two colours each, one photo each; shape knows the design."""
    records = [
        ProductRecord(
            f"p{n}",
            f"Acme Alpine Summit Trail {chr(97 + n // 2) * 4} Jacket",
            n,
            category=("Jackets",),
            colour=("red", "blue")[n % 2],
            attributes={"sleeve": ("short", "long")[n // 24]},
        )
        for n in range(48)
    ]
    draw = np.random.default_rng(0)
    shape = unit_rows(draw.normal(size=(24, 16)))[np.arange(48) // 2]
    layout = FacetLayout.of({"shape": 16, "colour": 2})
    rows = layout.compose({"shape": shape, "colour": np.eye(2)[np.arange(48) % 2]})
    good = Contender("good", rows, rows, layout, rows[:10])
    noise = layout.compose(
        {"shape": draw.normal(size=(48, 16)), "colour": np.eye(2)[np.arange(48) % 2]}
    )
    bad = Contender("bad", noise, noise, layout, -noise[:10])
    sticks = Yardsticks(families=np.arange(48) // 2, originals=np.arange(10), baseline=1)
    return label_products(records), [good, bad], sticks


def test_looks_are_judged_beside_labels_and_compared_with_the_baseline():
    labels, contenders, sticks = looks_shop()
    report = evaluate(labels, contenders, np.arange(48), sticks)
    found = {
        (section.title, row.contender, row.weights, row.about): row
        for section in report.sections
        for row in section.rows
    }
    name = "Same design, other colour"
    assert found[name, "good", "shape", name.lower()].values["first"].value == 1
    assert found[name, "bad", "shape", name.lower()].values["first"].value < 0.3
    assert found["Recoloured view", "good", "shape", "recoloured view"].seeds == 10
    assert found["Within a type", "random order", "default", "sleeve"].seeds == 48
    change = {(one.about, one.weights, one.metric): one for one in report.changes}
    gain = change["same design, other colour", "shape", "first"]
    assert gain.difference.low > 0.5 and gain.seeds == 48
    assert change["same colour", "colour", "precision_at_10"].difference.value == 0
    assert change["same type", "default", "map_at_r"].seeds == 48


def test_few_seeds_are_a_warning_in_text_json_and_html():
    labels, contenders, sticks = looks_shop()
    report = evaluate(labels, contenders, np.arange(48), sticks)
    (warning,) = report.warnings
    assert "Fewer than 200 seeds judge same type (48)" in warning
    assert "same design, other colour (48)" in warning and "recoloured view (10)" in warning
    assert "same pattern" not in warning  # without any seed it is not judged at all
    assert "Warning: Fewer than 200 seeds judge same type (48)" in as_text(report)
    assert json.loads(as_json(report))["warnings"] == [warning]
    assert warning in as_html(report)


def test_enough_seeds_are_no_warning():
    records = [
        ProductRecord(f"p{n}", "", n, category=("Shirts",), colour="red", gender="female")
        for n in range(200)
    ]
    rows = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    report = evaluate(label_products(records), [Contender("x", rows)])
    assert report.warnings == ()
    assert [one.about for one in report.not_judged] == ["same pattern"]


def test_all_tables_are_shown_in_every_form():
    labels, contenders, sticks = looks_shop()
    report = evaluate(labels, contenders, np.arange(48), sticks)
    text, page = as_text(report), as_html(report, {}, {"default-1": "sheets/default-1.jpg"})
    for part in ("Same design, other colour", "Recoloured view", "Within a type", "strict P@10"):
        assert part in text and part in page
    assert "change from the baseline" in text and "Change from the baseline bad" in page
    assert '<a href="sheets/default-1.jpg">default 1</a>' in page
    again = json.loads(as_json(report))
    assert again["same_design"]["rows"][1]["values"]["within_12"]["value"] == 1
    assert again["two_sets"] is None
    assert again["results"][0]["relations"][0]["strict_precision_at_10"]["value"] == 1


def test_one_product_and_no_families_give_an_honest_report():
    labels = label_products([ProductRecord("p", "Acme Alpine Summit Trail Jacket", 1)])
    rows = np.ones((1, 3), dtype=np.float32)
    sticks = Yardsticks(families=np.array([-1]), originals=np.array([0]))
    report = evaluate(labels, [Contender("x", rows, rows, None, rows)], np.array([0]), sticks)
    assert report.same_design is None and report.within_type is None
    assert report.recoloured_view.rows[0].values["first"].value == 1
    assert "same design, other colour" in [one.about for one in report.not_judged]
    assert "Not judged: same design, other colour" in as_text(report)


def test_a_report_tells_how_well_pairs_are_verified():
    _, rows = shop(200)
    owners = np.repeat(np.arange(100), 2)
    contender = Contender("encoder", rows[:100], photos=rows, layout=LAYOUT)
    report = evaluate(label_products(records_of(100)), [contender], owners)
    [default, *_] = report.verification.rows
    assert (default.about, default.seeds) == ("one product, two photos", 100)
    assert next(iter(default.values)) == "tar_at_far_0.001"
    for text in (as_text(report), as_html(report)):
        assert "TAR at FAR 0.1%" in text and "pairs" in text
    values = json.loads(as_json(report))
    assert values["verification"]["counted"] == "pairs"
    assert values["roc"][0]["points"][0].keys() == {"far", "tar"}
    page = as_html(report)
    assert page.count("<svg viewBox") == 1 and 'aria-labelledby="roc1 rocs1"' in page
    assert "ROC curve: one product, two photos" in page
    assert "prefers-color-scheme: dark" in page


def records_of(count):
    return [ProductRecord(f"p{n}", "", n) for n in range(count)]
