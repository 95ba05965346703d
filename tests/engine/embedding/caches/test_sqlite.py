import sqlite3
from pathlib import Path

import numpy as np
import pytest

from engine.embedding.caches.sqlite import SqliteCache
from engine.errors import CacheError


def test_rows_come_back_as_they_went_in_by_encoder_and_photo(tmp_path: Path):
    rows = {
        f"h{n}": np.random.default_rng(n).normal(size=5).astype(np.float32) for n in range(1200)
    }
    with SqliteCache(tmp_path / "cache" / "v.db") as cache:
        cache.put("one", rows)
        cache.put("two", {"h0": np.zeros(5, np.float32)})
    with SqliteCache(tmp_path / "cache" / "v.db") as cache:
        found = cache.get("one", [*rows, "unknown"], dim=5)
        assert found.keys() == rows.keys()
        assert all((found[photo] == row).all() for photo, row in rows.items())
        assert cache.get("two", ["h0", "h1"], dim=5)["h0"].tolist() == [0] * 5
        assert cache.get("three", ["h0"], dim=5) == {}
        assert (cache.count("one"), cache.count("two"), cache.count("three")) == (1200, 1, 0)


def test_a_row_that_cannot_be_true_is_absent(tmp_path: Path):
    with SqliteCache(tmp_path / "v.db") as cache:
        cache.put("e", {"short": np.ones(3, np.float32), "nan": np.full(4, np.nan, np.float32)})
        assert cache.get("e", ["short", "nan"], dim=4) == {}


def change(path: Path, **values: object) -> None:
    """Change the row of photo h1 in the file, as a failing disk or another program would."""
    with sqlite3.connect(path) as db:
        for name, value in values.items():
            db.execute(f"UPDATE vectors SET {name} = ? WHERE photo = 'h1'", (value,))
    db.close()


def flipped(blob: bytes, bit: int) -> bytes:
    at, mask = divmod(bit, 8)
    return blob[:at] + bytes([blob[at] ^ (1 << mask)]) + blob[at + 1 :]


def test_a_row_that_changed_on_disk_is_absent_and_reported(tmp_path: Path, caplog):
    path = tmp_path / "v.db"
    random = np.random.default_rng(3)
    rows = {name: random.normal(size=4).astype(np.float32) for name in ("h1", "h2")}
    with SqliteCache(path) as cache:
        cache.put("e", rows)
        cache.put("other", {"h3": -rows["h1"]})
        blobs = dict(cache._db.execute("SELECT photo, vector FROM vectors").fetchall())
    harmed = [flipped(blobs["h1"], bit) for bit in range(0, 8 * len(blobs["h1"]), 7)]
    harmed += [blobs["h2"], blobs["h3"], blobs["h1"][:-1], blobs["h1"] + b"x", b""]
    for blob in harmed:
        change(path, vector=blob)
        with SqliteCache(path) as cache:
            caplog.clear()
            assert cache.get("e", ["h1", "h2"], dim=4).keys() == {"h2"}
            assert "1 rows of the vector cache" in caplog.text
    with SqliteCache(path) as cache:
        cache.put("e", {"h1": rows["h1"]})
        assert cache.get("e", ["h1"], dim=4)["h1"].tolist() == rows["h1"].tolist()


def test_rows_of_an_earlier_version_are_kept_and_get_a_digest(tmp_path: Path):
    path = tmp_path / "v.db"
    row = np.arange(4, dtype=np.float32)
    with SqliteCache(path) as cache:
        cache.put("e", {"h1": row})
    change(path, vector=row.tobytes())  # without a digest
    for _ in range(2):
        with SqliteCache(path) as cache:
            assert cache.get("e", ["h1"], dim=4)["h1"].tolist() == row.tolist()
            (blob,) = cache._db.execute("SELECT vector FROM vectors").fetchone()
            assert len(blob) > 16
    change(path, vector=flipped(blob, 5))
    with SqliteCache(path) as cache:
        assert cache.get("e", ["h1"], dim=4) == {}


def test_a_file_that_is_no_cache_says_that_it_may_be_deleted(tmp_path: Path):
    (tmp_path / "v.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(CacheError, match=r"v\.db.*delete the file"):
        SqliteCache(tmp_path / "v.db")


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path: Path):
    with SqliteCache(tmp_path / "v.db") as cache:
        good = np.ones(2, np.float32)
        with pytest.raises(CacheError):
            # A key that cannot be kept, on purpose.
            cache.put("e", {"a": good, "b": good, object(): good})  # type: ignore[dict-item]
        assert cache.count("e") == 0
    with sqlite3.connect(tmp_path / "v.db") as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
