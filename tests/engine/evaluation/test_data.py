from pathlib import Path

import numpy as np
from PIL import Image

from catalog.photos.decode_squares import PhotoFile
from catalog.photos.shared_photos import SharedPhotos
from catalog.records import ProductRecord
from catalog.settings import CatalogSettings
from engine.evaluation.data import Material, embed_photos, from_catalogue, from_sources
from engine.labels.splits import family_of, split_of
from tests.engine.shop import open_shop

P1, P2, P3 = (PhotoFile(Path(name)) for name in "123")


def product(name, **more):
    return ProductRecord(name, "", 1, **more)


def mean_colour(images):
    return np.stack([np.asarray(image.convert("RGB")).mean(axis=(0, 1)) for image in images])


def photo(folder, name, colour):
    Image.new("RGB", (8, 8), colour).save(folder / name)
    return PhotoFile(folder / name)


def test_products_without_a_photo_are_left_out():
    material = Material.of([(product("a"), [P1, P2]), (product("b"), []), (product("c"), [P3])])
    assert [one.product_id for one in material.products] == ["a", "c"]
    assert material.photos == (P1, P2, P3)
    assert material.owners.tolist() == [0, 0, 1]


def test_losing_photos_loses_products_that_have_no_other():
    material = Material.of([(product("a"), [P1, P2]), (product("b"), [P3])]).only(
        np.array([False, True, False])
    )
    assert [one.product_id for one in material.products] == ["a"]
    assert material.photos == (P2,)


def test_the_held_out_side_is_that_of_the_split():
    everything = Material.of((product(f"{n}", group_id=f"{n}"), [P1]) for n in range(60))
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
    files[3].path.write_bytes(b"no image")
    files[40] = PhotoFile(tmp_path / "missing.png")
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
    assert [photo.path.name for photo in material.photos] == ["a.png", "b.png"]


def test_photos_of_the_catalogue_that_this_home_lacks_are_read_from_where_they_are_shared(
    tmp_path,
):
    shop = open_shop(tmp_path, products=2)
    (shared := tmp_path / "shared").mkdir()
    caps = CatalogSettings(home=shop.settings.home, photos=str(shared))
    for one in shop.catalogue.photos():
        SharedPhotos.of(caps).put(one.content_hash, one.path.read_bytes())
        one.path.unlink()
    material = from_catalogue(caps)
    rows, kept = embed_photos(material.photos, {"mean": mean_colour}, side=8, settings=caps)
    assert len(kept) == 3 and kept.all() and len(rows["mean"]) == 3
    shop.db.close()
