"""Homes that share a cache of vectors."""

import numpy as np

from catalog.settings import CatalogSettings
from engine.embedding.caches.parquet import ParquetCache
from engine.index.generation import open_live
from engine.operations.status import take_status
from engine.operations.tidying import Tidying
from tests.engine.fake_encoder import FakeEncoder


def test_what_one_home_embedded_no_other_embeds_again(new_shop, tmp_path):
    place = str(tmp_path / "shared")
    first, second = (new_shop(12, vector_cache=place) for _ in range(2))
    report, again = first.reindex(), second.reindex()
    assert report.photos_embedded == report.photos > 0
    assert (again.photos_embedded, again.photos) == (0, report.photos)
    assert not first.settings.vectors_file.exists()
    assert take_status(second.settings).cached_vectors == report.photos
    own = new_shop(12)
    own.reindex()
    rows = [open_live(shop.settings.index_dir).vectors for shop in (first, second, own)]
    assert all(np.array_equal(other, rows[0]) for other in rows[1:])


def test_tidying_a_home_leaves_vectors_that_others_may_use(new_shop, tmp_path):
    shop = new_shop(4, vector_cache=str(tmp_path / "shared"))
    shop.reindex()
    with ParquetCache(str(tmp_path / "shared")) as cache:
        for name in ("one", "two", "three", "four"):
            cache.put(name, {"photo": np.ones(3, np.float32)})
    tidying = Tidying(shop.db, CatalogSettings(home=shop.settings.home), shop.settings)
    found = {one.kind: one for one in tidying.run(remove=True)}
    left = found["cached vectors of earlier encoders"]
    assert left.count == 1 and "other homes may use them" in left.note
    with ParquetCache(str(tmp_path / "shared")) as cache:
        assert cache.count("one") == 1 and cache.count(FakeEncoder().fingerprint) > 0
