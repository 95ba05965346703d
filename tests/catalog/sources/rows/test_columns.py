"""Columns find their fields by usual names, and the user has the last word."""

import pytest

from catalog.errors import SourceError
from catalog.sources.rows.columns import SYNONYMS, columns_of, match_columns


def test_our_own_names():
    columns = match_columns([*SYNONYMS, "sleeve"], None, "x.csv")
    assert columns.fields == {field: field for field in SYNONYMS}
    assert columns.others == ("sleeve",)


def test_names_of_a_shopping_feed():
    found = ["g:id", "g:title", "g:image_link", "g:additional_image_link", "g:item_group_id"]
    found += ["g:product_type", "g:color", "g:price", "g:condition"]
    columns = match_columns(found, None, "feed.csv")
    assert columns.fields == {
        "id": "g:id",
        "title": "g:title",
        "category": "g:product_type",
        "colour": "g:color",
        "price": "g:price",
        "group_id": "g:item_group_id",
        "photos": "g:image_link",
        "more_photos": "g:additional_image_link",
    }
    assert columns.others == ("g:condition",)


def test_camel_case_and_spaces():
    columns = match_columns(["Product ID", "productDisplayName", "baseColour"], None, "x")
    assert columns.fields == {
        "id": "Product ID",
        "title": "productDisplayName",
        "colour": "baseColour",
    }


def test_of_two_matching_columns_the_likelier_is_used_and_the_other_kept():
    columns = match_columns(["sku", "id", "name", "title"], None, "x")
    assert (columns.fields["id"], columns.fields["title"]) == ("id", "title")
    assert columns.others == ("sku", "name")


def test_the_users_columns_take_precedence():
    columns = match_columns(["id", "sku", "title"], {"id": "sku"}, "x")
    assert columns.fields["id"] == "sku"
    assert columns.others == ("id",)


def test_without_an_id_column_the_error_lists_the_columns():
    with pytest.raises(SourceError, match=r"'foo', 'bar'.*--columns id=COLUMN"):
        match_columns(["foo", "bar"], None, "x.csv")


def test_an_unknown_column_is_an_error():
    with pytest.raises(SourceError, match="no column 'nope' for title"):
        match_columns(["id"], {"title": "nope"}, "x.csv")


def test_an_unknown_field_is_an_error():
    with pytest.raises(SourceError, match=r"no field 'tittle'.*title"):
        match_columns(["id", "name"], {"tittle": "name"}, "x.csv")


def test_single_objects_may_lack_a_given_column():
    assert columns_of(["name"], {"id": "sku"}).fields == {"title": "name"}


def test_columns_that_may_hold_what_is_missing_are_named():
    found = ["id", "name", "Preis (brutto)", "Bilder 1", "Kategorie-Baum", "Notes"]
    text = match_columns(found, None, "x").describe()
    assert "price (it may be 'Preis (brutto)') and photos (it may be 'Bilder 1') and cat" in text
    assert text.endswith("'price=Preis (brutto),photos=Bilder 1,category=Kategorie-Baum'")
    assert "may be" not in match_columns(["id", "price", "photos", "size"], None, "x").describe()


def test_names_of_flipkarts_data():
    found = ["uniq_id", "product_category_tree", "retail_price", "discounted_price", "image"]
    fields = match_columns(found, {"id": "uniq_id"}, "x").fields
    assert fields["category"] == "product_category_tree" and fields["photos"] == "image"
    assert (fields["price"], fields["sale_price"]) == ("retail_price", "discounted_price")
