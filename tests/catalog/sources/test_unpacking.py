"""Feeds in gzip and zip and on standard input, bounded, and never half."""

import gzip
import io
import sys
import zipfile
from types import SimpleNamespace

import pytest

from catalog.errors import SourceError
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.sources import open_source

ROWS = b"id,title,photos\n1,One,a.jpg\n2,Two,\n"


def ids(source):
    return [entry.product_id for entry in source.records()]


def make_zip(path, **files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/"), data)
    return path


def test_gzip(home, tmp_path):
    path = tmp_path / "feed.csv.gz"
    path.write_bytes(gzip.compress(ROWS))
    source = open_source(path)
    assert (source.name, source.format, source.root) == ("feed.csv.gz", "csv", tmp_path.resolve())
    assert ids(source) == ["1", "2"] and "feed.csv.gz" in source.describe()
    path.write_bytes(gzip.compress(ROWS)[:-9])
    with pytest.raises(SourceError, match="cut off or corrupt"):
        open_source(path)


@pytest.mark.parametrize("data", [ROWS, gzip.compress(ROWS)])
def test_standard_input(home, monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    source = open_source("-")
    assert (source.name, source.format, ids(source)) == ("stdin", "csv", ["1", "2"])


def test_a_bomb_is_refused(home, tmp_path, monkeypatch):
    monkeypatch.setenv("LOOKALIKE_MAX_FEED_BYTES", "1000000")
    (tmp_path / "f.gz").write_bytes(gzip.compress(b"id\n" + b"1\n" * 1_000_000))
    make_zip(tmp_path / "f.zip", **{"f.csv": b"id\n" + b"1\n" * 1_000_000})
    for name in ("f.gz", "f.zip"):
        with pytest.raises(SourceError, match="LOOKALIKE_MAX_FEED_BYTES"):
            open_source(tmp_path / name)


def test_zip_with_photos(home, db, tmp_path, make_photo):
    photo = make_photo(tmp_path / "p.jpg").read_bytes()
    files = {"shop__feed.csv": ROWS, "shop__a.jpg": photo, "shop__readme.md": b"hello"}
    make_zip(tmp_path / "shop.zip", **files)
    for _ in range(2):
        report = ingest(db, open_source(tmp_path / "shop.zip"), settings=CatalogSettings())
        assert (report.source, report.format, report.photos_ready) == ("shop.zip", "csv", 1)
    assert report.unchanged == 2
    (kept,) = Catalogue(db).product("1").photos
    assert (Catalogue(db).product("1").photos[0].path).read_bytes() == photo
    assert kept.path.is_relative_to(home.resolve())
    make_zip(tmp_path / "shop.zip", **{"shop__new.csv": ROWS})
    assert ids(open_source(tmp_path / "shop.zip")) == ["1", "2"]


def test_zips_that_are_corrupt_or_lead_outside(home, tmp_path):
    path = make_zip(tmp_path / "f.zip", **{"f.csv": ROWS})
    data = path.read_bytes()
    path.write_bytes(data[:-30])
    with pytest.raises(SourceError, match="cannot be unpacked"):
        open_source(path)
    for name in ("..__f.csv", "__tmp__f.csv", "..\\f.csv"):
        with pytest.raises(SourceError, match="leads outside"):
            open_source(make_zip(tmp_path / "g.zip", **{name: ROWS}))


def zipped(path, *names, text="id,title\n1,Shirt\n"):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            entry = zipfile.ZipInfo("x")
            entry.filename = name  # as it is, unlike with the constructor
            archive.writestr(entry, text)
    return path


def test_backslashes_of_windows_separate_folders(home, tmp_path):
    path = zipped(tmp_path / "f.zip", "shop\\products.csv")
    assert [entry.title for entry in open_source(path).records()] == ["Shirt"]
    for name in ("..\\products.csv", "C:\\products.csv", "\\products.csv"):
        with pytest.raises(SourceError, match="leads outside"):
            open_source(zipped(tmp_path / "g.zip", name))


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["[Content_Types].xml", "xl/workbook.xml"], "an Excel workbook. Save it as CSV"),
        (["mimetype", "content.xml"], "an OpenDocument workbook. Save it as CSV"),
    ],
)
def test_workbooks_are_refused_by_name(home, tmp_path, names, kind):
    with pytest.raises(SourceError, match=kind):
        open_source(zipped(tmp_path / "f.xlsx", *names))
    (tmp_path / "f.xls").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    with pytest.raises(SourceError, match="an old Excel workbook"):
        open_source(tmp_path / "f.xls")
