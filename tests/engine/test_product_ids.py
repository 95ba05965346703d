"""Ids mapped from a file, and those of a delta stacked on them, against plain lists."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.product_ids import WIDEST, ProductIds, RowOf, StackedIds

texts = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)


def check(ids: ProductIds, listed: list[str], others: list[str]) -> None:
    assert len(ids) == len(listed) and ids.tolist() == list(ids) == listed
    rows = RowOf(ids)
    assert dict(rows) == rows.in_memory() == {one: row for row, one in enumerate(listed)}
    for one in [*listed, *others, "", "a" * 100, "\x00", "a\x00", "\ud800"]:
        assert rows.get(one, -1) == (listed.index(one) if one in listed else -1)
        assert (one in rows) == (one in listed)
    every_row = np.arange(len(listed))
    assert ids[every_row].tolist() == ids[:].tolist() == listed
    for row in every_row[:3]:
        assert ids[row] == ids[int(row)] == listed[row] and type(ids[row]) is str
    assert ids.places(others).tolist() == [sum(one < other for one in listed) for other in others]


@given(st.sets(texts, max_size=8), st.lists(texts, max_size=4))
def test_ids_in_a_file_are_those_that_were_saved(tmp_path_factory, ids, others):
    path = tmp_path_factory.mktemp("ids") / "ids.npy"
    listed = sorted(ids)
    check(ProductIds.of(listed), listed, others)
    assert ProductIds.save(path, listed)
    check(ProductIds.load(path), listed, others)


@given(st.sets(texts, max_size=8), st.sets(texts, max_size=4), st.data())
def test_ids_with_those_of_a_delta(old, new, data):
    gone = data.draw(st.sets(st.sampled_from(sorted(old)))) if old else set()
    first, second = sorted(old), sorted(new)
    listed = sorted((old - gone) | new)
    places = [len(first) + second.index(one) if one in new else first.index(one) for one in listed]
    place = np.array(places, dtype=np.int64)
    of_first = [listed.index(one) if one in listed and one not in new else -1 for one in first]
    of_second = np.array([listed.index(one) for one in second], dtype=np.int64)
    stacked = StackedIds(ProductIds.of(first), second, place, np.array(of_first, int), of_second)
    check(stacked, listed, [*first, "zz"])


def test_long_ids_are_not_saved(tmp_path):
    assert not ProductIds.save(tmp_path / "ids.npy", ["a", "b" * (WIDEST + 1)])
    assert not list(tmp_path.iterdir())
    assert ProductIds.save(tmp_path / "ids.npy", ["a", "b" * WIDEST])


def test_a_file_of_something_else_is_refused(tmp_path):
    np.save(tmp_path / "ids.npy", np.arange(3))
    with pytest.raises(ValueError, match="holds no ids"):
        ProductIds.load(tmp_path / "ids.npy")
