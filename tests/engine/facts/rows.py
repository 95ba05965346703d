"""Rows of the catalogue, written by hand."""

from typing import Any

from catalog.products.fact_rows import FactRow


def fact_row(**given: Any) -> FactRow:
    """A product in stock that has nothing but what is given."""
    empty = dict.fromkeys(FactRow._fields) | {"product_id": "", "attributes": "{}", "title": ""}
    return FactRow(**(empty | {"retired": False, "availability": "in_stock"} | given))
