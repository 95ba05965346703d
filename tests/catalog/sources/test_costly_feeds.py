"""Small feeds that would take much memory or time: refused, or read at a bounded cost."""

import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.errors import SourceError
from catalog.records import ProductRecord, Rejection
from catalog.sources import open_source
from catalog.sources.frame import open_frame
from catalog.sources.rows import delimited
from catalog.sources.rows.columns import Columns
from tests.fuzz.guard import guarded


def parquet(path, **columns):
    pq.write_table(pa.table(columns), path, compression="zstd", write_statistics=False)
    return path


def repeated(text, count):
    """A column that holds one text for each of ``count`` rows, and stores it once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array([text]))


def test_a_small_parquet_file_with_a_huge_cell_is_refused(home, tmp_path):
    path = parquet(tmp_path / "f.parquet", id=["1"], title=["x" * 260_000_000])
    assert path.stat().st_size < 50_000
    with guarded("costly feeds"), pytest.raises(SourceError, match="too large for memory"):
        list(open_source(path).records())


def test_one_large_value_of_many_parquet_rows_is_refused(home, tmp_path):
    ids = [str(number) for number in range(1_000)]
    path = parquet(tmp_path / "f.parquet", id=ids, title=repeated("y" * 3_000_000, 1_000))
    with guarded("costly feeds"), pytest.raises(SourceError, match="too large for memory"):
        list(open_source(path).records())


def test_the_limit_of_bytes_holds_for_parquet(home, tmp_path, monkeypatch):
    monkeypatch.setenv("LOOKALIKE_MAX_FEED_BYTES", "1000000")
    ids = [str(number) for number in range(2_000)]
    path = parquet(tmp_path / "f.parquet", id=ids, title=["z" * 1_000] * 2_000)
    with pytest.raises(SourceError, match="LOOKALIKE_MAX_FEED_BYTES"):
        open_source(path)
    small = parquet(tmp_path / "g.parquet", id=["1"], title=["z" * 1_000])
    assert [entry.product_id for entry in open_source(small).records()] == ["1"]


def test_a_parquet_file_that_is_harmed_inside_is_refused_when_it_is_opened(home, tmp_path):
    path = parquet(tmp_path / "f.parquet", id=[str(number) for number in range(9_000)])
    data = bytearray(path.read_bytes())
    data[200:4_000] = b"\xff" * 3_800
    path.write_bytes(data)
    with pytest.raises(SourceError, match="cannot be read to its end"):
        open_source(path)


def test_time_does_not_grow_with_the_square_of_the_columns(home, tmp_path):
    names = [f"column {number}" for number in range(60_000)]
    path = tmp_path / "wide.csv"
    path.write_text(f"id,{','.join(names)}\n1,{','.join('v' for _ in names)}\n")
    with guarded("costly feeds"):
        (record,) = open_source(path).records()
    assert isinstance(record, ProductRecord) and len(record.attributes) == 60_000


def test_a_message_names_some_of_many_columns():
    shown = Columns({"id": "id"}, tuple(f"column {number}" for number in range(10_000))).describe()
    assert len(shown) < 1_000 and shown.endswith("and 9,970 more")


def test_many_columns_of_the_same_name_cost_little(home, tmp_path):
    twice = [f"c{number}" for number in range(9_000)] * 2
    path = tmp_path / "twice.csv"
    path.write_text(f"id,{','.join(twice)}\n1,{','.join(['x'] * 18_000)}\n")
    with guarded("costly feeds"):
        (record,) = open_source(path).records()
    assert len(record.attributes) == 9_000 and record.attributes["c0"] == "x"


def test_columns_of_a_frame_that_repeat(home):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([[1, 2, 3]], columns=["id", "a", "a"])
    with pytest.raises(SourceError, match="several columns named 'a'"):
        open_frame(frame, "spring")


ZIPPED = {
    "empty": {},
    "a folder": {"folder/": b""},
    "no feed": {"a/b/": b"", "readme.md": b"hello"},
    "a zip": {"feed.zip": b"PK\5\6" + b"\0" * 18},
}


@pytest.mark.parametrize("members", ZIPPED.values(), ids=ZIPPED)
def test_a_zip_without_a_feed_is_refused_with_its_reason(home, tmp_path, members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    path = tmp_path / "feed.zip"
    path.write_bytes(stream.getvalue())
    with pytest.raises(SourceError, match="contains no feed and no photo"):
        open_source(path)


@pytest.fixture
def short_rows(monkeypatch):
    monkeypatch.setattr(delimited, "MAX_ROW", 1_000)


def entries(path):
    return [
        entry.code if isinstance(entry, Rejection) else entry.product_id
        for entry in open_source(path).records()
    ]


def test_a_json_line_without_end_costs_its_row_only(home, tmp_path, short_rows):
    path = tmp_path / "f.jsonl"
    path.write_text('{"id": "1"}\n{"id": "2", "title": "%s"}\n{"id": "3"}\n' % ("x" * 5_000_000))
    assert entries(path) == ["1", "too_large", "3"]


def test_a_csv_row_without_end_costs_its_row_only(home, tmp_path, short_rows):
    path = tmp_path / "f.csv"
    path.write_text("id,title\n1,a\n2,{}\n3,c\n4,d\n".format("x," * 50_000))
    source = open_source(path)
    found = list(source.records())
    assert [getattr(entry, "product_id", None) for entry in found] == ["1", None, "3", "4"]
    assert found[1].line == 3 and "more than 1,000 characters" in found[1].reason
    assert [entry.line for entry in found] == [2, 3, 4, 5]


def test_a_row_of_many_lines_has_the_same_limit(home, tmp_path, short_rows):
    rows = ["id,title", "1,a", *('"x\ny",' for _ in range(100)), "2,b"]
    path = tmp_path / "f.csv"
    path.write_text("\n".join(rows[:2]) + "\n" + "".join(rows[2:-1]) * 9 + "\n2,b\n3,c\n")
    found = entries(path)
    assert found[0] == "1" and found[-1] == "3" and "csv" in found


def test_a_first_line_without_end_is_refused(home, tmp_path, short_rows):
    path = tmp_path / "f.csv.gz"
    path.write_bytes(gzip.compress(b"id," + b"x" * 3_000_000))
    with pytest.raises(SourceError, match="more than 1,000 characters"):
        open_source(path)
