"""A source is recognised by what it holds."""

import pytest

from catalog.errors import SourceError
from catalog.sources import FORMATS, open_source
from tests.catalog.sources.folders.test_datasets import STYLES


def test_a_folder_with_a_catalogue_file(tmp_path, write_csv, make_photo):
    folder = tmp_path / "sample"
    write_csv(folder / "catalogue.csv", [{"id": "1"}])
    write_csv(folder / "other.csv", [{"id": "2"}])
    make_photo(folder / "photos/a.jpg")
    source = open_source(folder)
    assert (source.format, source.name, source.root) == ("csv", "sample", folder.resolve())
    assert [record.product_id for record in source.records()] == ["1"]
    assert "id" in source.describe()


def test_a_folder_with_one_file_of_rows(tmp_path):
    (tmp_path / "export.jsonl").write_text('{"id": 1}\n')
    assert open_source(tmp_path).format == "jsonl"


def test_a_folder_with_several_files_of_rows(tmp_path, write_csv):
    for name in ("a.csv", "b.csv"):
        write_csv(tmp_path / name, [{"id": "1"}])
    with pytest.raises(SourceError, match=r"a\.csv, b\.csv"):
        open_source(tmp_path)


def test_the_table_of_a_data_set_stands_for_its_folder(tmp_path):
    folder = tmp_path / "fashion"
    folder.mkdir()
    (folder / "styles.csv").write_text(STYLES)
    source = open_source(folder / "styles.csv")
    assert (source.format, source.name) == ("fashion-product-images", "fashion")
    assert open_source(folder / "styles.csv", "csv").format == "csv"


def test_a_name_can_be_given(tmp_path, write_csv):
    assert open_source(write_csv(tmp_path / "a.csv", [{"id": 1}]), name="shop").name == "shop"


def test_unrecognised_sources_are_errors(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(SourceError, match="no photos"):
        open_source(tmp_path)
    with pytest.raises(SourceError, match="--format"):
        open_source(tmp_path / "notes.txt")
    with pytest.raises(SourceError, match="There is no file or folder"):
        open_source(tmp_path / "gone.csv")
    with pytest.raises(SourceError, match="no format 'xml'"):
        open_source(tmp_path, "xml")
    with pytest.raises(SourceError, match="needs a folder"):
        open_source(tmp_path / "notes.txt", "photos")
    with pytest.raises(SourceError, match="has no parquet file"):
        open_source(tmp_path, "parquet")


def test_columns_are_for_files_of_rows(tmp_path, make_photo):
    make_photo(tmp_path / "a.jpg")
    with pytest.raises(SourceError, match="takes no columns or encoding"):
        open_source(tmp_path, columns={"id": "sku"})


def test_all_formats_are_known():
    assert FORMATS[0] == "auto"
    assert len(set(FORMATS)) == len(FORMATS) == 17
