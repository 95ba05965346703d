import sqlite3
from pathlib import Path

import numpy as np
import pytest

from engine.embedding.vector_cache import VectorCache
from engine.errors import CacheError


def test_rows_come_back_as_they_went_in_by_encoder_and_photo(tmp_path: Path):
    rows = {
        f"h{n}": np.random.default_rng(n).normal(size=5).astype(np.float32) for n in range(1200)
    }
    with VectorCache(tmp_path / "cache" / "v.db") as cache:
        cache.put("one", rows)
        cache.put("two", {"h0": np.zeros(5, np.float32)})
    with VectorCache(tmp_path / "cache" / "v.db") as cache:
        found = cache.get("one", [*rows, "unknown"], dim=5)
        assert found.keys() == rows.keys()
        assert all((found[photo] == row).all() for photo, row in rows.items())
        assert cache.get("two", ["h0", "h1"], dim=5)["h0"].tolist() == [0] * 5
        assert cache.get("three", ["h0"], dim=5) == {}
        assert (cache.count("one"), cache.count("two"), cache.count("three")) == (1200, 1, 0)


def test_a_row_that_cannot_be_true_is_absent(tmp_path: Path):
    with VectorCache(tmp_path / "v.db") as cache:
        cache.put("e", {"short": np.ones(3, np.float32), "nan": np.full(4, np.nan, np.float32)})
        assert cache.get("e", ["short", "nan"], dim=4) == {}


def test_a_file_that_is_no_cache_says_that_it_may_be_deleted(tmp_path: Path):
    (tmp_path / "v.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(CacheError, match=r"v\.db.*delete the file"):
        VectorCache(tmp_path / "v.db")


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path: Path):
    with VectorCache(tmp_path / "v.db") as cache:
        good = np.ones(2, np.float32)
        with pytest.raises(CacheError):
            # A key that cannot be kept, on purpose.
            cache.put("e", {"a": good, "b": good, object(): good})  # type: ignore[dict-item]
        assert cache.count("e") == 0
    with sqlite3.connect(tmp_path / "v.db") as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
