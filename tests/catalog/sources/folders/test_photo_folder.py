"""A plain folder of photos is a catalogue too."""

import os

import pytest

from catalog.errors import SourceError
from catalog.records import Rejection
from catalog.sources import open_source


def test_every_photo_is_a_product(tmp_path, make_photo):
    make_photo(tmp_path / "Tops/T_shirts/red-ribbed_top.jpg")
    make_photo(tmp_path / "hat.PNG")
    make_photo(tmp_path / ".thumbnails/hat.png")
    (tmp_path / "readme.txt").write_text("no photo")
    source = open_source(tmp_path)
    hat, top = source.records()
    assert source.format == "photos"
    assert (hat.product_id, hat.title, hat.category) == ("hat", "hat", ())
    assert (top.product_id, top.title) == ("Tops/T_shirts/red-ribbed_top", "red ribbed top")
    assert top.category == ("Tops", "T shirts")
    assert top.photos == ("Tops/T_shirts/red-ribbed_top.jpg",)


def test_photos_in_unsupported_formats_are_rejected(tmp_path, make_photo):
    make_photo(tmp_path / "a.jpg")
    (tmp_path / "b.tiff").write_bytes(b"II*\0")
    (tmp_path / os.fsdecode(b"c\xff.jpg")).touch()
    _, tiff, odd = open_source(tmp_path).records()
    assert isinstance(tiff, Rejection) and ".tiff is not supported" in tiff.reason
    assert isinstance(odd, Rejection) and "not UTF-8" in odd.reason


def test_a_folder_that_vanishes_is_an_error(tmp_path, make_photo):
    make_photo(tmp_path / "shop/a.jpg")
    source = open_source(tmp_path / "shop")
    (tmp_path / "shop/a.jpg").unlink()
    (tmp_path / "shop").rmdir()
    with pytest.raises(SourceError, match="cannot be read"):
        list(source.records())
