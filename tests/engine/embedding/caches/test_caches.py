"""What every cache of vectors does."""

import numpy as np
import pytest

from engine.embedding.caches import cache as module
from engine.embedding.caches import parquet


def rows_of(count: int, dim: int = 5, seed: int = 0, start: int = 0) -> dict[str, np.ndarray]:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return {f"{n + start:064x}": row for n, row in enumerate(rows)}


def same(found, expected) -> bool:
    return found.keys() == expected.keys() and all(
        (found[photo] == row).all() and found[photo].dtype == np.float32
        for photo, row in expected.items()
    )


def test_rows_come_back_as_they_went_in_by_encoder_and_photo(reopen):
    rows = rows_of(1200)
    first = next(iter(rows))
    with reopen() as cache:
        assert cache.get("one", list(rows), dim=5) == {} and cache.count("one") == 0
        cache.put("one", rows)
        cache.put("two", {first: np.zeros(5, np.float32)})
        assert same(cache.get("one", list(rows)[::-1], dim=5), rows)
    with reopen() as cache:
        assert same(cache.get("one", [*rows, "unknown"], dim=5), rows)
        assert cache.get("two", list(rows), dim=5)[first].tolist() == [0] * 5
        assert cache.get("three", [first], dim=5) == {} and cache.get("one", [], dim=5) == {}
        assert [cache.count(name) for name in ("one", "two", "three")] == [1200, 1, 0]


def test_all_rows_are_streamed_in_bounded_pieces(reopen, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 500)
    rows = rows_of(3000)
    with reopen() as cache:
        for start in range(0, 3000, 1000):
            cache.put("e", dict(list(rows.items())[start : start + 1000]))
        wanted = {*list(rows)[:2500], "f" * 64}
        part = dict(list(rows.items())[:2500])
        pieces = list(cache.stream("e", wanted, dim=5))
        assert max(map(len, pieces)) <= 1000
        assert same({k: v for piece in pieces for k, v in piece.items()}, part)
        assert not [piece for piece in cache.stream("other", wanted, dim=5) if piece]
        assert list(cache.stream("e", set(), dim=5)) == []


def test_a_later_row_replaces_an_earlier_one(reopen):
    old, new = rows_of(3, seed=1), rows_of(3, seed=2)
    with reopen() as cache:
        cache.put("e", old)
        cache.put("e", new)
        assert same(cache.get("e", list(old), dim=5), new)
    with reopen() as cache:
        assert same(cache.get("e", list(old), dim=5), new)
        first: dict = {}
        for piece in cache.stream("e", set(old), dim=5):
            first = piece | first
        assert same(first, new)


def test_a_row_that_cannot_be_true_is_absent(reopen):
    with reopen() as cache:
        cache.put("e", {"short": np.ones(3, np.float32), "nan": np.full(4, np.nan, np.float32)})
        cache.put("e", {"good": np.ones(4, np.float32)})
        assert cache.get("e", ["short", "nan", "good"], dim=4).keys() == {"good"}


def test_encoders_are_kept_or_removed_as_wholes(reopen):
    with reopen() as cache:
        assert cache.last_saved(3) == [] and cache.size_without([]) == (0, 0)
        for name in ("a", "b", "c", "a"):
            cache.put(name, rows_of(10))
        assert cache.last_saved(2) == ["a", "c"]
        count, size = cache.size_without(["a"])
        assert count == 20 and size > 20 * 5 * 4
        cache.keep_only(["a", "unknown"])
        assert same(cache.get("a", list(rows_of(10)), dim=5), rows_of(10))
        assert cache.get("b", list(rows_of(10)), dim=5) == {}
        assert cache.size_without(["a"]) == (0, 0) and cache.last_saved(3) == ["a"]


def test_many_small_writes_are_all_found(reopen, monkeypatch):
    monkeypatch.setattr(parquet, "FAN", 4)
    rows = rows_of(22)
    with reopen() as cache:
        for photo, row in rows.items():
            cache.put("e", {photo: row})
        assert same(cache.get("e", list(rows), dim=5), rows)
    with reopen() as cache:
        assert same(cache.get("e", list(rows), dim=5), rows) and cache.count("e") == 22


@pytest.mark.parametrize("name", ["a/b", "../x", "ä ö=%"])
def test_any_name_of_an_encoder_is_one_of_its_own(reopen, name):
    with reopen() as cache:
        cache.put(name, rows_of(2))
        cache.put("other", rows_of(2, seed=3))
        assert cache.last_saved(2) == ["other", name]
        assert same(cache.get(name, list(rows_of(2)), dim=5), rows_of(2))
