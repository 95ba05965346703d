from types import SimpleNamespace

import numpy as np
import pytest

from catalog.records import Photo
from engine.applications.verification.wrong_photos import find_wrong_photos
from engine.embedding.caches.sqlite import SqliteCache
from engine.encoders.facets import unit_rows
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.generations import publish
from tests.engine.random_shop import same_product


def near(row: np.ndarray, seed: int) -> np.ndarray:
    noise = 0.02 * np.random.default_rng(seed).normal(size=row.shape)
    return unit_rows((row + noise).astype(np.float32))


@pytest.fixture
def found(tmp_path):
    """The wrong photos of products with these photos, each of which shows one product."""
    layout = FakeEncoder().layout
    draw = np.random.default_rng(0)
    products = layout.compose(
        {name: draw.normal(size=(4, stop - start)) for name, (start, stop) in layout.slices.items()}
    )
    generation = publish(tmp_path, of=(["a", "b", "c", "d"], products))
    shown = {"a": "aab", "b": "bb", "c": "cd", "d": "d"}

    def find(shown=shown, cached=True):
        photos, rows = [], {}
        for product_id, whose in shown.items():
            for position, one in enumerate(whose):
                name = f"{product_id}{position}"
                photos.append(Photo(product_id, position, tmp_path, name, 9, 9))
                rows[name] = near(products["abcd".index(one)], len(photos))
        catalogue = SimpleNamespace(photos=lambda: iter(photos))
        with SqliteCache(tmp_path / "vectors.db") as cache:
            if cached:
                cache.put(generation.manifest.fingerprint, rows)
            return list(find_wrong_photos(generation, catalogue, cache, same_product()))

    return find


def test_the_photo_that_disagrees_is_listed_with_what_it_shows(found):
    wrong = {one.product_id: one for one in found()}
    assert wrong.keys() == {"a", "c"}
    assert (wrong["a"].position, wrong["a"].looks_like) == (2, "b")
    assert wrong["a"].likeness > 0.9 > 0.5 > wrong["a"].cosine
    assert wrong["c"].looks_like == "d", "of two, the one that shows another product"


def test_products_of_one_photo_or_without_rows_have_no_wrong_one(found):
    assert found({"a": "a", "b": "c"}) == []
    assert found({"a": "ab"}, cached=False) == []


def test_where_no_photo_agrees_with_another_none_is_the_wrong_one(found):
    assert found({"a": "bcd"}) == []
