import base64
import dataclasses
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import engine
from catalog.records import ProductRecord
from engine.encoders.facets import unit_rows
from engine.evaluation.intervals import Measure
from engine.evaluation.report import Confusion
from engine.evaluation.reports.page import interval, number, percent
from engine.labels.labels import label_products
from engine.training.data.photo_bank import PhotoBank
from engine.training.loop.evaluation import EvaluationEmbeddings, EvaluationSet
from engine.training.reports.html import heatmap, same_product, write_report
from engine.training.reports.neighbour_pictures import (
    TileFactory,
    neighbour_rows,
    sample_seeds,
    thumbnail,
    worst_mistakes,
)
from engine.training.run import run_training
from tests.engine.training.tiny import draw_shop, tiny_config


@pytest.fixture(scope="module")
def result(encoders, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    shop = draw_shop(folder / "shop")
    (shop / "0-0.png").write_bytes(b"no photo")
    text = (shop / "catalogue.csv").read_text()
    (shop / "catalogue.csv").write_text(text.replace(" thing", " <b & co"))
    config = tiny_config(encoder=encoders["conv"], contrastive_steps=2, steps=4)
    return run_training([shop], folder / "out", config, models_dir=folder, device="cpu")


@pytest.fixture(scope="module")
def page(result) -> str:
    path = write_report(result)
    assert path == result.folder / "report.html"
    assert not list(result.folder.glob("*.tmp"))
    return path.read_text(encoding="utf-8")


def test_the_report_needs_nothing_but_itself(page):
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page)
    assert addresses and all(one.startswith("data:image/jpeg;base64,") for one in addresses)
    assert not re.search(r"https?://|@import|url\(|<script|<link", page)


def test_it_shows_the_numbers_before_and_after(page, result):
    for one in result.evaluation.results:
        for score in one.relations:
            assert number(score.precision_at_10.value) in page
            assert number(score.map_at_r.value) in page
    for heading in ("Other photos of the same product", "Charts", "Before and after", "Neighbours"):
        assert f">{heading}<" in page
    assert "Colour confusion" in page and "All weight on one facet" in page
    assert "1 rows or photos were skipped" in page
    assert page.count('<figure class="chart">') >= 6


def test_titles_are_text_and_never_markup(page, result):
    titles = {record.title for record in result.prepared.bank.records}
    assert all(title.endswith(" <b & co") for title in titles)
    assert " &lt;b &amp; co" in page and "<b &" not in page


def test_same_product_retrieval_is_reported_in_words(page, result):
    twins = same_product(result.evaluation)
    assert f"in <b>{percent(twins.after.value)}</b> of {twins.seeds} cases" in page
    points = round(100 * (twins.after.value - twins.before.value))
    words = f"{abs(points)} point" if points else "That is no change"
    assert words in page


def test_a_report_without_evaluated_products_explains_it(result):
    none = EvaluationSet.of(
        result.evaluation_set.bank,
        result.prepared.table,
        np.zeros(len(result.prepared.table), bool),
    )
    nothing = EvaluationEmbeddings(
        result.after.photos[:0], result.after.products[:0], result.after.layout
    )
    evaluation = dataclasses.replace(
        result.evaluation,
        confusion=None,
        results=tuple(
            dataclasses.replace(
                one,
                same_product=None,
                relations=tuple(dataclasses.replace(s, seeds=0) for s in one.relations),
            )
            for one in result.evaluation.results
        ),
    )
    empty = dataclasses.replace(
        result, evaluation_set=none, before=nothing, after=nothing, evaluation=evaluation
    )
    shown = write_report(empty).read_text(encoding="utf-8")
    assert "so types and colours cannot be evaluated" in shown
    assert "cannot be measured here" in shown
    assert "Neighbours" not in shown
    write_report(result)


def test_matplotlib_is_imported_when_it_draws_and_not_before():
    texts = {path.name: path.read_text() for path in Path(engine.__file__).parent.rglob("*.py")}
    using = re.compile(r"^ *(from|import) matplotlib", re.MULTILINE)
    found = sorted(name for name, text in texts.items() if using.search(text))
    assert found == ["charts.py", "no_garments.py"]
    at_the_top = re.compile(r"^(from|import) .*(reports.charts|no_garments)", re.MULTILINE)
    assert not [name for name, text in texts.items() if at_the_top.search(text)]


def labelled_set(rows: list[tuple[str, str]]) -> EvaluationSet:
    """An evaluation set with these types and colours, each photo of one shade of grey."""
    records = tuple(
        ProductRecord(f"p{n}", f"title {n}", n, category=(kind,) if kind else (), colour=colour)
        for n, (kind, colour) in enumerate(rows)
    )
    pixels = np.stack([np.full((40, 40, 3), 10 * n, np.uint8) for n in range(len(rows))])
    count = len(rows)
    bank = PhotoBank(pixels, np.arange(count), records, np.zeros(count, np.int64))
    return EvaluationSet.of(bank, label_products(records), np.ones(count, bool))


ROWS = [
    ("Shirts", "red"),
    ("Shirts", "red"),
    ("Shirts", "blue"),
    ("Belts", "red"),
    ("Belts", "blue"),
]
ROWS += [("", None), ("Shirts", None)]


def test_neighbours_are_outlined_by_how_much_they_agree():
    tiles = TileFactory(labelled_set(ROWS))
    assert tiles.matching == ("type", "colour")
    matches = [tiles.make(row, seed=0).match for row in range(1, 7)]
    assert matches == ["both", "one", "one", "none", "", "both"]
    assert tiles.make(0).labels == "shirt, red" and tiles.make(5).labels == "no labels"
    assert tiles.make(0).match == ""


def test_neighbour_rows_are_the_nearest_in_order():
    evaluation_set = labelled_set(ROWS)
    angles = np.array([0.0, 0.3, 0.1, 0.6, 1.0, 1.5, 2.1])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    mirrored = rows[::-1].copy()
    shown = neighbour_rows(
        evaluation_set,
        EvaluationEmbeddings(rows, rows, None),
        EvaluationEmbeddings(mirrored, mirrored, None),
    )
    assert len(shown) == 7
    first = next(one for one in shown if one.seed.title == "title 0")
    assert [tile.title for tile in first.before] == [f"title {n}" for n in (2, 1, 3, 4, 5, 6)]
    assert [tile.title for tile in first.after] == [f"title {n}" for n in (1, 2, 3, 5, 4, 6)]
    assert (
        neighbour_rows(
            labelled_set(ROWS[:1]),
            EvaluationEmbeddings(rows, rows, None),
            EvaluationEmbeddings(rows, rows, None),
        )
        == []
    )


def test_seeds_are_of_as_many_types_as_there_are():
    types = np.array([0] * 50 + [1, 2, 3, -1])
    seeds = sample_seeds(types, 6)
    assert set(types[seeds[:5]].tolist()) == {0, 1, 2, 3, -1}
    assert len(set(seeds)) == 6
    assert sample_seeds(types, 6) == seeds


def test_mistakes_are_the_nearest_pairs_with_other_labels_each_product_once():
    rng = np.random.default_rng(3)
    kinds, colours = ("Shirts", "Belts", "Skirts"), ("red", "blue", None)
    labels = [(kinds[n % 3], colours[n % 2 if n < 20 else 2]) for n in range(24)]
    evaluation_set = labelled_set(labels)
    rows = unit_rows(rng.normal(size=(24, 3))).astype(np.float32)
    pairs = []
    for i in range(24):
        for j in sorted(range(24), key=lambda other, i=i: -float(rows[i] @ rows[other]))[1:11]:
            wrong = labels[i] != labels[j] and None not in (labels[i][1], labels[j][1])
            if wrong:
                pairs.append((-float(rows[i] @ rows[j]), i, j))
    slow, used = [], set()
    for score, i, j in sorted(pairs):
        if not {i, j} & used:
            used |= {i, j}
            slow.append(({f"title {i}", f"title {j}"}, -score))
    found = worst_mistakes(evaluation_set, EvaluationEmbeddings(rows, rows, None))
    assert [{one.seed.title, one.wrong.title} for one in found] == [pair for pair, _ in slow][:12]
    assert [one.score for one in found] == pytest.approx(
        [score for _, score in slow][:12], abs=1e-5
    )
    assert (
        worst_mistakes(
            labelled_set([("", None)] * 3), EvaluationEmbeddings(rows[:3], rows[:3], None)
        )
        == []
    )


def test_a_thumbnail_is_a_small_jpeg_of_the_photo():
    address = thumbnail(np.full((300, 300, 3), (200, 30, 40), np.uint8))
    image = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    assert image.format == "JPEG" and image.size == (96, 96)
    assert np.abs(np.asarray(image).astype(int) - (200, 30, 40)).max() <= 4


def test_the_confusion_is_in_shares_with_rare_colours_summed():
    words = tuple(f"colour {n}" for n in range(14))
    counts = tuple(tuple(n + 1 if n == m else 1 for m in range(14)) for n in range(14))
    shown = heatmap(Confusion("colour", words, counts))
    assert shown.words == words[:12] and len(shown.rows) == 12
    for n, (word, shares) in enumerate(shown.rows):
        assert word == words[n] and len(shares) == 13
        assert sum(shares) == pytest.approx(1)
        assert shares[n] == pytest.approx((n + 1) / (n + 14))
    assert heatmap(Confusion("colour", ("red",), ((0,),))).rows == (("red", (0.0, 0.0)),)


def test_what_was_not_measured_is_a_dash():
    nothing = Measure(float("nan"), float("nan"), float("nan"))
    assert (number(nothing.value), percent(nothing.value), interval(nothing)) == ("–", "–", "")
    assert interval(Measure(0.5, 0.4567, 0.6)) == "0.457–0.600"
    assert (number(0.12345), percent(0.678)) == ("0.123", "68%")
