"""The cache of Parquet files: what is special about files that many processes write."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.embedding.caches import parquet, parquet_files
from engine.embedding.caches.parquet import ParquetCache
from engine.errors import CacheError, SettingsError
from tests.engine.embedding.caches.test_caches import rows_of, same

DIM = 5
FAN = 6


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Fewer files are many."""
    monkeypatch.setattr(parquet, "FAN", FAN)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_other_programs_can_read_the_files(tmp_path: Path):
    rows = rows_of(4)
    with ParquetCache(str(tmp_path)) as cache:
        cache.put("e", rows)
    (file,) = files(tmp_path)
    assert file.parent.name == "fingerprint=e"
    table = pq.read_table(file.parent, partitioning=None)
    assert table["photo"].to_pylist() == sorted(rows)
    assert table["vector"].type == pa.list_(pa.float32(), DIM)


def test_small_files_are_merged_as_they_pile_up(tmp_path: Path):
    rows = rows_of(FAN * FAN + 3)
    most = 0
    with ParquetCache(str(tmp_path)) as cache:
        for photo, row in rows.items():
            cache.put("e", {photo: row})
            most = max(most, len(files(tmp_path)))
    assert most < 2 * FAN and len(files(tmp_path)) == 1
    with ParquetCache(str(tmp_path)) as cache:
        assert same(cache.get("e", list(rows), DIM), rows)


def test_full_files_are_left_alone_and_no_merge_is_larger_than_two(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(parquet, "FULL", 100)
    monkeypatch.setattr(parquet, "FAN", 32)
    rows = rows_of(1000)
    names = list(rows)
    with ParquetCache(str(tmp_path)) as cache:
        for start in range(0, 1000, 30):
            cache.put("e", {name: rows[name] for name in names[start : start + 30]})
    counts = [pq.ParquetFile(file).metadata.num_rows for file in files(tmp_path)]
    assert max(counts) < 200 and len(counts) < 12 and sum(counts) == 1000


def test_what_killed_writers_left_is_merged_by_the_next(tmp_path: Path):
    rows = rows_of(FAN + 8)
    for photo, row in rows.items():
        ParquetCache(str(tmp_path)).put("e", {photo: row})  # never closed
    assert len(files(tmp_path)) == FAN + 8
    with ParquetCache(str(tmp_path)) as cache:
        cache.put("e", rows_of(1, seed=9))
    assert len(files(tmp_path)) == 1
    with ParquetCache(str(tmp_path)) as cache:
        expected = rows | rows_of(1, seed=9)
        assert same(cache.get("e", list(rows), DIM), expected) and cache.count("e") == FAN + 8


def test_files_that_another_process_merges_meanwhile_are_found_where_they_are(
    tmp_path: Path, monkeypatch
):
    rows = rows_of(40)
    writers = [ParquetCache(str(tmp_path)) for _ in range(4)]
    for n, (photo, row) in enumerate(rows.items()):
        writers[n % 4].put("e", {photo: row})
    reader = ParquetCache(str(tmp_path))
    listed = reader._files.parts
    waiting = list(writers)

    def list_then_merge(fingerprint):
        found = listed(fingerprint)
        if waiting:
            waiting.pop().close()
        return found

    monkeypatch.setattr(reader._files, "parts", list_then_merge)
    assert same(reader.get("e", list(rows), DIM), rows)
    assert len(files(tmp_path)) < 40


def test_many_writers_write_at_once(tmp_path: Path):
    rows = rows_of(90)
    names = list(rows)

    def write(number: int) -> None:
        with ParquetCache(str(tmp_path)) as cache:
            for photo in names[number::3]:
                cache.put("e", {photo: rows[photo]})
                assert cache.get("e", [photo], DIM)[photo].tolist() == rows[photo].tolist()

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(write, range(3)))
    with ParquetCache(str(tmp_path)) as cache:
        assert same(cache.get("e", names, DIM), rows)


def test_files_that_are_damaged_or_not_ours_are_left_out_with_one_line_each(tmp_path: Path, caplog):
    rows = rows_of(20)
    names = sorted(rows)
    for start in range(0, 20, 5):
        ParquetCache(str(tmp_path)).put(
            "e", {name: rows[name] for name in names[start : start + 5]}
        )
    cut, emptied, other, _ = files(tmp_path)
    cut.write_bytes(cut.read_bytes()[:-40])
    emptied.write_bytes(b"")
    pq.write_table(pa.table({"photo": names, "vector": [1.0] * 20}), other)
    (tmp_path / "fingerprint=e" / "notes.txt").write_text("not ours")
    (tmp_path / "readme.txt").write_text("not ours")
    with ParquetCache(str(tmp_path)) as cache:
        for _ in range(2):
            assert same(cache.get("e", names, DIM), {name: rows[name] for name in names[15:]})
        assert len(caplog.records) == 4
        for file in (cut, emptied, other, Path("notes.txt")):
            assert caplog.text.count(file.name) == 1
        cache.put("e", {name: rows[name] for name in names[:15]})
        assert same(cache.get("e", names, DIM), rows)
    left = {file.name for file in files(tmp_path)}
    assert {cut.name, emptied.name, other.name, "notes.txt"} <= left, "not ours to remove"


def test_a_row_that_changed_in_its_file_is_absent_and_reported(tmp_path: Path, caplog):
    rows = rows_of(3)
    first, *rest = sorted(rows)
    ParquetCache(str(tmp_path)).put("e", rows)
    (file,) = files(tmp_path)
    content = file.read_bytes()
    at = content.index(rows[first].tobytes())
    file.write_bytes(content[: at + 2] + bytes([content[at + 2] ^ 1]) + content[at + 3 :])
    with ParquetCache(str(tmp_path)) as cache:
        assert same(cache.get("e", [first, *rest], DIM), {name: rows[name] for name in rest})
        assert "1 rows of the vector cache" in caplog.text
        caplog.clear()
        assert sum(map(len, cache.stream("e", set(rows), DIM))) == 2
        assert "1 rows of the vector cache" in caplog.text
        cache.put("e", {first: rows[first]})
        caplog.clear()
        assert same(cache.get("e", [first, *rest], DIM), rows)
        assert same(dict(p for s in cache.stream("e", set(rows), DIM) for p in s.items()), rows)
        assert not caplog.records


def test_of_a_large_file_only_groups_that_may_have_a_photo_are_read(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(parquet, "SMALL", 0)
    monkeypatch.setattr(parquet_files, "GROUP", 50)
    rows = rows_of(1000)
    ParquetCache(str(tmp_path)).put("e", rows)
    read = []
    reading = parquet.rows_in

    def counted(file, group, *rest):
        read.append(group)
        return reading(file, group, *rest)

    monkeypatch.setattr(parquet, "rows_in", counted)
    names = sorted(rows)
    with ParquetCache(str(tmp_path)) as cache:
        wanted = [names[999], names[0], names[10], "f" * 64]
        assert same(cache.get("e", wanted, DIM), {name: rows[name] for name in wanted[:3]})
    assert read == [0, 19]


@pytest.mark.parametrize(
    ("place", "kind", "words"),
    [
        ("nosuch://bucket/x", SettingsError, "LOOKALIKE_VECTOR_CACHE=nosuch://bucket/x"),
        ("s3://me:secret@b/x?bad=1", SettingsError, "s3://b/x is no folder"),
    ],
)
def test_a_place_that_is_none_is_refused_without_its_secrets(place, kind, words):
    with pytest.raises(kind) as caught:
        ParquetCache(place)
    assert words in str(caught.value) and "secret" not in str(caught.value)


def test_a_bucket_that_is_not_there_is_no_empty_cache(s3):
    place = f"s3://key:secret@elsewhere/x?endpoint_override={s3}&scheme=http&region=us-east-1"
    with ParquetCache(place) as cache, pytest.raises(CacheError) as caught:
        cache.put("e", rows_of(1))
    assert "s3://elsewhere/x cannot be used" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_folder_that_is_a_file_says_so(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with (
        ParquetCache(str(tmp_path / "file")) as cache,
        pytest.raises(CacheError, match="cannot be used"),
    ):
        cache.put("e", rows_of(1))
