"""Listings twice: planted copies are found, each pair once; what is decided is left out."""

import csv
from dataclasses import replace
from itertools import count
from threading import Barrier

import pytest
from PIL import Image

from catalog.photos.shared_photos import SharedPhotos
from catalog.settings import CatalogSettings
from engine.applications.verification.duplicates import DuplicateSearch, LooksAlone
from engine.applications.verification.prints import Prints, photo_opener
from engine.applications.verification.views import view
from engine.index.merged import open_merged
from tests.engine.applications.verification.test_photo_print import photo
from tests.engine.shop import open_shop

PLANTED = {"copy1": ("p01", "recompressed"), "copy2": ("p02", "mirrored"), "copy3": ("p03", None)}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Ten products of one shape with prints of their own, three of them listed again."""
    opened = open_shop(tmp_path_factory.mktemp("twice"), 1)
    folder = opened.source.parent
    rows = []
    images = {f"p{n:02}": photo(n) for n in range(10)}
    for copy, (original, name) in PLANTED.items():
        images[copy] = images[original] if name is None else view(images[original], name)
    for product_id, image in images.items():
        image.save(folder / f"{product_id}.png")
        rows.append({"id": product_id, "title": "Shirt", "photos": f"{product_id}.png"})
    rows.append({"id": "size", "title": "Shirt", "photos": "p05.png"})
    with opened.source.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["id", "title", "photos", "group_id"], restval="")
        writer.writeheader()
        group = {"size": "G", "p05": "G"}
        writer.writerows(row | {"group_id": group.get(row["id"], "")} for row in rows)
    opened.ingest(sync=True)
    opened.reindex()
    yield opened
    opened.db.close()


@pytest.fixture(autouse=True)
def photos_decide(monkeypatch):
    """The fake encoder's rows of changed photos differ: all pairs are compared by their photos."""
    for name, value in (("NEAREST", 20), ("LEAST_COSINE", -1), ("SAME_PHOTO", 2)):
        monkeypatch.setattr(f"engine.applications.verification.duplicates.{name}", value)


def search(shop, **options) -> DuplicateSearch:
    generation = open_merged(shop.settings.index_dir)
    prints = Prints(photo_opener(CatalogSettings(home=shop.settings.home)))
    return DuplicateSearch(generation, shop.catalogue, prints, **options)


def pairs(found) -> list[tuple[str, str]]:
    return sorted((one.first, one.second) for one in found)


EXPECTED = sorted((copy, original) for copy, (original, _) in PLANTED.items())


def test_copies_are_found_once_and_variants_are_none(shop):
    seen: list[int] = []
    found = list(search(shop).find(on_progress=seen.append))
    assert pairs(found) == EXPECTED
    assert seen[-1] == 14
    reasons = {one.first: one.reason for one in found}
    assert reasons["copy3"] == "one photo"
    assert reasons["copy1"] == "one photo, changed"


def test_photos_that_this_home_lacks_are_read_from_where_they_are_shared(shop, tmp_path):
    caps = CatalogSettings(home=tmp_path / "home", photos=str(tmp_path))
    photo = next(photo for photo in shop.catalogue.photos() if photo.product_id == "p05")
    assert SharedPhotos.of(caps).put(photo.content_hash, photo.path.read_bytes())
    image = photo_opener(caps)(replace(photo, path=tmp_path / "gone.png"))
    assert image is not None and image.size == photo_opener(caps)(photo).size


def test_small_blocks_find_the_same(shop, monkeypatch):
    monkeypatch.setattr("engine.applications.verification.duplicates.BLOCK", 2)
    assert pairs(search(shop).find()) == EXPECTED


def test_decided_pairs_are_left_out(shop):
    assert pairs(search(shop, known={("copy1", "p01")}).find()) == EXPECTED[1:]


def test_only_the_pairs_of_some_products_can_be_asked_for(shop):
    row = open_merged(shop.settings.index_dir).row_of["p02"]
    assert pairs(search(shop).find([row])) == [("copy2", "p02")]


def test_looks_alone_count_from_the_threshold_that_the_shop_chose(shop):
    found = list(search(shop, looks=LooksAlone(0.9, 0.01)).find())
    assert set(pairs(found)) > set(EXPECTED)
    others = [one for one in found if (one.first, one.second) not in EXPECTED]
    assert all(one.cosine >= 0.9 and "false-accept rate of 0.01" in one.reason for one in others)


def test_photos_that_cannot_be_read_are_no_evidence(shop):
    generation = open_merged(shop.settings.index_dir)
    blind = DuplicateSearch(generation, shop.catalogue, Prints(lambda photo: None))
    assert pairs(blind.find()) == [("copy3", "p03")]


def test_prints_are_read_once(shop):
    opened: list[str] = []
    product = shop.catalogue.product("p01")

    def open_photo(one):
        opened.append(one.content_hash)
        return Image.open(one.path)

    prints = Prints(open_photo)
    for _ in range(3):
        likeness = prints.likeness(product.photos, product.photos)
        assert likeness is not None
        assert likeness.one_photo
    assert len(opened) == 1


def test_each_photo_is_read_once_and_several_at_a_time(shop, monkeypatch):
    monkeypatch.setattr("engine.applications.verification.prints.PROCESSES", 2)
    generation = open_merged(shop.settings.index_dir)
    opener = photo_opener(CatalogSettings(home=shop.settings.home))
    read, numbers, together = [], count(), Barrier(2)

    def open_photo(photo):
        if next(numbers) < 2:
            together.wait(timeout=60)  # the first two are being read at this moment
        read.append(photo.content_hash)
        return opener(photo)

    prints = Prints(open_photo)
    assert pairs(DuplicateSearch(generation, shop.catalogue, prints).find())
    assert len(read) == len(set(read)) >= 10
