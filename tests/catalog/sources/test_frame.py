"""A DataFrame is a source like a file: same fields, same words, same rejections."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from catalog.errors import SourceError
from catalog.records import ProductRecord, Rejection
from catalog.sources import open_source
from catalog.sources.frame import open_frame


def products(**columns):
    return list(open_frame(pd.DataFrame(columns), "shop").records())


def test_columns_are_recognised_and_missing_values_are_empty():
    first, second = products(
        id=[7, 8],
        title=["Shirt", "Skirt"],
        price=["19.90 EUR", None],
        brand=pd.array(["Acme", pd.NA], dtype="string"),
        weight=[0.5, np.nan],
        photos=[["a.jpg", "b.jpg"], None],
    )
    assert isinstance(first, ProductRecord)
    assert isinstance(second, ProductRecord)
    assert (first.product_id, first.price, first.currency) == ("7", Decimal("19.90"), "EUR")
    assert first.photos == ("a.jpg", "b.jpg")
    assert first.attributes == {"weight": "0.5"}
    assert (second.brand, second.price, second.attributes, second.photos) == (None, None, {}, ())


def test_a_frame_yields_the_same_as_its_csv_file(tmp_path):
    frame = pd.DataFrame(
        {
            "sku": ["A1", "A2", "", "A4"],
            "name": ["Red dress", "Blau", "x", "y"],
            "colour": ["navy", "Gray", "red", "red"],
            "price": ["10.00", "12,50", "1", "not a price"],
            "availability": ["in stock", "out of stock", "in stock", "in stock"],
        }
    )
    frame.to_csv(tmp_path / "shop.csv", index=False)
    assert list(open_frame(frame, "shop").records()) == [
        with_line_of_frame(entry) for entry in open_source(tmp_path / "shop.csv").records()
    ]


def with_line_of_frame(entry):
    return replace(entry, line=entry.line - 1)  # a file's first line is its header


def test_a_bad_row_is_explained_and_the_others_stay():
    bad, good = products(id=["1", "2"], price=["cheap", "5"])
    assert isinstance(bad, Rejection)
    assert (bad.line, bad.product_id) == (1, "1")
    assert "cheap" in bad.reason
    assert isinstance(good, ProductRecord)


def test_columns_can_be_named():
    (only,) = open_frame(pd.DataFrame({"what": ["9"]}), "shop", {"id": "what"}).records()
    assert only.product_id == "9"


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"height": [1]}), "no column that looks like a product id"),
        (pd.DataFrame([[1, 2]], columns=["id", "id"]), "several columns named 'id'"),
    ],
)
def test_an_invalid_frame_is_refused(frame, words):
    with pytest.raises(SourceError, match=words):
        open_frame(frame, "shop")
