"""The same 50 products, written in each format that is read, make the same catalogue."""

import pandas as pd
import pytest

from catalog.records import ProductRecord
from catalog.sources import FORMATS, open_source
from catalog.sources.detect import FILES
from catalog.sources.frame import open_frame
from tests.catalog.sources.fifty_products import COUNT, plain_rows, write_all


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_all(tmp_path_factory.mktemp("fifty"))


def core(record, with_colour=True):
    """What every format has."""
    assert isinstance(record, ProductRecord), record
    return (
        record.product_id,
        record.title,
        record.category,
        record.brand,
        record.colour if with_colour else None,
        record.price,
        record.sale_price,
        record.availability,
        record.photos,
    )


def read(path, with_colour=True):
    return [core(record, with_colour) for record in open_source(path).records()]


WITHOUT_COLOUR = {"shopify.json", "prestashop.csv"}  # their products have it as an option only


def test_every_format_of_a_file_is_written(home, files):
    assert {open_source(path).format for path in files.values()} == set(FILES)
    assert set(FILES) < set(FORMATS)


def test_every_format_makes_the_same_catalogue(home, files):
    whole = read(files["plain.csv"])
    assert len(set(whole)) == COUNT
    assert whole[0][1] == 'Jeans 32" inseam 0' and whole[1][3] == "Ours & Co"
    plain = read(files["plain.csv"], with_colour=False)
    for name, path in files.items():
        if name in WITHOUT_COLOUR:
            assert read(path, with_colour=False) == plain, name
        else:
            assert read(path) == whole, name


def test_a_frame_makes_it_too(home, files):
    frame = open_frame(pd.DataFrame(plain_rows()), "spring")
    assert [core(record) for record in frame.records()] == read(files["plain.csv"])
