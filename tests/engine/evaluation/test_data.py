from pathlib import Path

import numpy as np
from PIL import Image

from catalog.records import ProductRecord
from catalog.settings import CatalogSettings
from engine.evaluation.data import Material, embed_photos, from_sources
from engine.labels.splits import family_of, split_of


def product(name, **more):
    return ProductRecord(name, "", 1, **more)


def mean_colour(images):
    return np.stack([np.asarray(image.convert("RGB")).mean(axis=(0, 1)) for image in images])


def photo(folder, name, colour):
    Image.new("RGB", (8, 8), colour).save(folder / name)
    return folder / name


def test_products_without_a_photo_are_left_out():
    material = Material.of(
        [(product("a"), [Path("1"), Path("2")]), (product("b"), []), (product("c"), [Path("3")])]
    )
    assert [one.product_id for one in material.products] == ["a", "c"]
    assert material.photos == (Path("1"), Path("2"), Path("3"))
    assert material.owners.tolist() == [0, 0, 1]


def test_losing_photos_loses_products_that_have_no_other():
    material = Material.of(
        [(product("a"), [Path("1"), Path("2")]), (product("b"), [Path("3")])]
    ).only(np.array([False, True, False]))
    assert [one.product_id for one in material.products] == ["a"]
    assert material.photos == (Path("2"),)


def test_the_held_out_side_is_that_of_the_split():
    everything = Material.of((product(f"{n}", group_id=f"{n}"), [Path(f"{n}")]) for n in range(60))
    side = everything.held_out("v1")
    expected = [
        one.product_id
        for one in everything.products
        if split_of(family_of(one), "v1") == "validation"
    ]
    assert 0 < len(expected) < 60
    assert [one.product_id for one in side.products] == expected


def test_nothing_at_all_has_no_owners():
    assert Material.of([]).owners.shape == (0,)


def test_unreadable_photos_are_marked_and_rows_stay_in_order(tmp_path):
    files = [photo(tmp_path, f"{n}.png", (n, 0, 0)) for n in range(70)]
    files[3].write_bytes(b"no image")
    files[40] = tmp_path / "missing.png"
    seen = []
    rows, kept = embed_photos(
        files,
        {"red": mean_colour, "sum": lambda images: mean_colour(images).sum(axis=1, keepdims=True)},
        side=8,
        settings=CatalogSettings(),
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert np.flatnonzero(~kept).tolist() == [3, 40]
    expected = [n for n in range(70) if n not in (3, 40)]
    assert rows["red"][:, 0].tolist() == expected
    assert rows["sum"][:, 0].tolist() == expected
    assert seen[-1] == (70, 70)
    assert seen == sorted(seen)


def test_a_source_is_read_in_place(tmp_path):
    photo(tmp_path, "a.png", "red")
    photo(tmp_path, "b.png", "blue")
    (tmp_path / "catalogue.csv").write_text(
        "id,title,photos\n1,One,a.png;b.png\n2,Two,missing.png\n3,Three,../outside.png\n"
    )
    material = from_sources([tmp_path])
    assert [one.product_id for one in material.products] == ["1"]
    assert [path.name for path in material.photos] == ["a.png", "b.png"]
