import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from catalog.records import ProductRecord
from engine.encoders.facets import FacetLayout
from engine.evaluation.contender import Contender
from engine.evaluation.sheets import write
from engine.evaluation.sheets.album import Album
from engine.evaluation.sheets.rows import (
    Gallery,
    Queries,
    query_rows,
    ranking,
    seed_rows,
    wishlist_rows,
)
from engine.evaluation.sheets.write import sheets, write_sheets
from engine.labels.labels import label_products

LAYOUT = FacetLayout.of({"shape": 4, "colour": 3})
KINDS, COLOURS = ("Shirts", "Belts", "Caps", "Skirts"), ("red", "blue", "green")


def labelled(count):
    return label_products(
        [
            ProductRecord(
                f"p{n}", "", n, category=(KINDS[n % 4],) if n % 7 else (), colour=COLOURS[n % 3]
            )
            for n in range(count)
        ]
    )


def model(name, count, seed=0):
    draw = np.random.default_rng(seed)
    noise = 0.1 * draw.normal(size=(count, 7))
    blocks = {
        "shape": np.eye(4)[np.arange(count) % 4] + noise[:, :4],
        "colour": np.eye(3)[np.arange(count) % 3] + noise[:, 4:],
    }
    return Contender(name, LAYOUT.compose(blocks), layout=LAYOUT)


def gallery(count=60, models=1):
    album = Album(labelled(count), lambda row: Image.new("RGB", (30, 40), COLOURS[row % 3]))
    keys = [f"p{n}" for n in range(count)]
    return Gallery(album, keys, [model(f"m{at}", count, at) for at in range(models)])


def people(shop, count=15):
    album = Album(labelled(count), lambda row: Image.new("RGB", (50, 30), "black"))
    rows = [one.products[:count] for one in shop.models]
    right = np.zeros((count, len(shop.keys)), dtype=bool)
    right[:, ::4] = True
    return Queries(album, [f"q{n}" for n in range(count)], rows, right)


def test_all_sheets_are_written_and_named(tmp_path):
    folder = tmp_path / "new" / "sheets"
    shop = gallery()
    paths = write_sheets(folder, shop, people(shop), {"shape": 3, "colour": 1})
    facets = ["default", "shape", "colour"]
    assert [path.stem for path in paths] == [
        *(f"{name}-{part}" for name in facets for part in range(1, 5)),
        "wishlists",
        *(f"queries-{name}" for name in (*facets, "chosen")),
    ]
    assert sorted(folder.iterdir()) == sorted(paths)
    for path in paths:
        with Image.open(path) as sheet:
            assert min(sheet.size) > 400


def test_queries_have_a_sheet_by_the_weights_of_searches_by_photo():
    shop = gallery(15)
    (model,) = shop.models
    layout = replace(LAYOUT, photo_weights={"shape": 1.0, "colour": 0.0})
    shop = Gallery(shop.album, shop.keys, [replace(model, layout=layout)])
    names = [name for name, _ in sheets(shop, people(shop)) if name.startswith("queries")]
    assert names == [f"queries-{of}" for of in ("default", "shape", "colour", "photo-search")]


def test_the_same_evaluation_gives_the_same_sheets():
    assert list(sheets(gallery(12))) == list(sheets(gallery(12)))


def test_a_seed_has_its_twelve_nearest_with_labels_and_cosine():
    shop = gallery()
    (row,) = seed_rows(shop, 8, "shape")
    assert row.seeds[0].lines == ("shirt", "green", "seed")
    assert len(row.results) == 12
    rows = shop.models[0].products
    scores = 2 * rows[:, :4] @ rows[8, :4]
    order = [n for n in sorted(range(60), key=lambda n: (-scores[n], n)) if n != 8][:12]
    assert [cell.lines[2] for cell in row.results] == [f"{scores[n]:.2f}" for n in order]
    words = [shop.album.table.text("colour", n) for n in order]
    assert [cell.lines[1] for cell in row.results] == words
    for cell, n in zip(row.results, order, strict=True):
        if shop.album.table.text("type", n) == "shirt":
            assert cell.agrees == ("both" if n % 3 == 8 % 3 else "one")


def test_a_baseline_stands_above_the_encoder_for_each_seed():
    rows = list(seed_rows(gallery(models=2), 8, "default"))
    assert [row.heading for row in rows] == ["before: m1", "after: m0"]
    assert len(list(sheets(gallery(12, models=2)))) == 3 * 3 + 1  # five seeds on a sheet


def test_a_baseline_without_facets_is_shown_by_its_default_row():
    shop = gallery(15)
    bare = Contender("bare", shop.models[0].products)
    both = Gallery(shop.album, shop.keys, [shop.models[0], bare])
    before, _ = seed_rows(both, 8, "colour")
    (default,) = seed_rows(Gallery(shop.album, shop.keys, [bare]), 8, "default")
    assert [cell.lines for cell in before.results] == [cell.lines for cell in default.results]
    names = [name for name, _ in sheets(both, people(both), {"colour": 2})]
    assert "queries-chosen" in names


def test_a_wishlist_shows_its_seeds_never_and_says_which_seed_each_is_like():
    (row,) = wishlist_rows(gallery(), [8, 5, 10])
    assert [cell.lines[2] for cell in row.seeds] == ["seed 1", "seed 2", "seed 3"]
    likes = [cell.lines[3] for cell in row.results]
    assert likes == ["like seed 1", "like seed 2", "like seed 3"] * 4


def test_query_photos_mark_the_types_that_answer():
    shop = gallery()
    (row,) = query_rows(shop, people(shop), 4, [np.array([2] * 4 + [0] * 3)])
    assert row.seeds[0].lines[2] == "query"
    assert {cell.agrees for cell in row.results} == {"both"}  # row 4 looks like every fourth


def test_queries_with_a_counterpart_in_the_gallery_are_shown_first(monkeypatch):
    shop = gallery(12)
    asking = people(shop, 12)
    right = asking.right.copy()
    right[:6] = False
    shown = []
    monkeypatch.setattr(write, "query_rows", lambda g, q, row, scales: shown.append(row) or [])
    list(sheets(shop, Queries(asking.album, asking.keys, asking.rows, right)))
    assert set(shown[:6]) == set(range(6, 12)) and len(shown[:10]) == 10


@pytest.mark.parametrize(
    ("kinds", "colours", "expected"),
    [
        (("Shirts", "Shirts"), ("navy blue", "navy"), "both"),
        (("Shirts", "Shirts"), ("multi", "multi"), "one"),  # no coarse colour to agree in
        (("Shirts", "Caps"), ("red", "red"), "one"),
        (("Shirts", "Caps"), ("red", "blue"), "none"),
        ((None, "Caps"), ("red", None), ""),
        ((None, None), ("red", "red"), "one"),
    ],
)
def test_a_frame_says_in_what_a_result_agrees(kinds, colours, expected):
    records = [
        ProductRecord(f"p{n}", "", n, category=(kind,) if kind else (), colour=colour)
        for n, (kind, colour) in enumerate(zip(kinds, colours, strict=True))
    ]
    album = Album(label_products(records), lambda row: None)
    assert album.agreement(0, 1) == album.agreement(1, 0) == expected


def test_ties_are_ranked_by_row_and_left_out_products_are_not_ranked():
    flat = Contender("flat", np.ones((5, 2), dtype=np.float32))
    left_out = np.array([False, True, False, False, False])
    order, scores = ranking(flat, flat.products[1], None, left_out)
    assert order.tolist() == [0, 2, 3, 4] and scores.shape == (5,)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_very_few_products_have_sheets_too(count):
    names = [name for name, _ in sheets(gallery(count))]
    assert names[:3] == ["default-1", "shape-1", "colour-1"]
    assert ("wishlists" in names) == (count > 1)


def test_a_photo_that_cannot_be_read_and_unknown_labels_are_shown():
    album = Album(label_products([ProductRecord(f"p{n}", "", n) for n in range(3)]), lambda _: None)
    rows = np.eye(3, dtype=np.float32)
    shop = Gallery(album, ["a", "b", "c"], [Contender("x", rows)])
    (row,) = seed_rows(shop, 0, "default")
    assert row.seeds[0].lines == ("no type", "no colour", "seed")
    assert {cell.agrees for cell in row.results} == {""}
    for _, content in sheets(shop):
        assert Image.open(io.BytesIO(content)).format == "JPEG"


def test_a_photo_is_read_once_for_all_sheets(monkeypatch):
    read = []
    shop = gallery(20)
    album = Album(shop.album.table, lambda row: read.append(row))
    list(write.sheets(Gallery(album, shop.keys, shop.models)))
    assert len(read) == len(set(read)) == 20
