"""Rows of products are the same whether they are pooled at once or some at a time."""

import numpy as np
import pytest

from engine.embedding import product_rows as module
from engine.embedding.caches.sqlite import SqliteCache
from engine.embedding.product_rows import (
    PhotoRows,
    RowsFile,
    pooled_in_chunks,
    product_rows,
)
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.generations import random_rows

LAYOUT = FakeEncoder().layout


@pytest.mark.parametrize("chunk", [1, 3, 1_000])
def test_pooling_in_chunks_is_pooling(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(module, "CHUNK", chunk)
    rows = random_rows(LAYOUT, 20)
    known = {f"{n:064x}": row for n, row in enumerate(rows)}
    shared = list(known)[:3]
    products = {f"p{n:02}": tuple(list(known)[n : n + 1 + n % 3]) for n in range(20)}
    products |= {"q0": tuple(shared), "q1": ("f" * 64,), "q2": (shared[0], "f" * 64)}
    with SqliteCache(tmp_path / "vectors.db") as cache:
        cache.put("encoder", known)
        contents = {photo for photos in products.values() for photo in photos}
        found = PhotoRows(tmp_path, contents, cache, "encoder", LAYOUT.dim)
    assert set(found) == set(known) and "f" * 64 not in found and len(found) == 20
    assert not list(tmp_path.glob("*.npy"))
    file = RowsFile(tmp_path / "rows.npy", LAYOUT.dim)
    ids = []
    for some in pooled_in_chunks(products, found, LAYOUT):
        assert len(some.ids) <= chunk
        file.append(some.vectors)
        ids += some.ids
    expected_ids, expected = product_rows(products, known, LAYOUT)
    assert ids == expected_ids and "q1" not in ids
    assert file.finish().tolist() == expected.tolist()


@pytest.mark.parametrize("count", [0, 1, 7, 123_456])
def test_a_file_of_rows_is_one_that_numpy_reads(tmp_path, count):
    rows = np.arange(count * 2, dtype=np.float32).reshape(count, 2)
    file = RowsFile(tmp_path / "rows.npy", 2)
    for start in range(0, count, 50_000):
        file.append(rows[start : start + 50_000])
    if count:
        assert (file.finish() == rows).all()
    else:
        file.close()
    np.save(tmp_path / "saved.npy", rows)
    if count:
        assert (tmp_path / "rows.npy").read_bytes() == (tmp_path / "saved.npy").read_bytes()
