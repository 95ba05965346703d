import numpy as np
import pytest

from catalog.records import ProductRecord
from engine.errors import NotEnoughData
from engine.labels.labels import label_products
from engine.training.data.photo_bank import PhotoBank
from engine.training.data.terms import (
    PRODUCT_ONLY_WEIGHT,
    label_tensors,
    sampling_groups,
    triplet_terms,
)

WEIGHTS = {"type": 1.0, "colour": 0.5, "pattern": 0.6, "type_colour": 1.0, "product": 0.2}


def shop(rows: list[tuple[str | None, str | None]], photos: int = 1):
    """A bank and labels of products with these types and colours."""
    records = tuple(
        ProductRecord(f"p{n}", f"thing {n}", n, category=(kind,) if kind else (), colour=colour)
        for n, (kind, colour) in enumerate(rows)
    )
    product = np.repeat(np.arange(len(rows)), photos)
    pixels = np.zeros((len(product), 4, 4, 3), np.uint8)
    bank = PhotoBank(pixels, product, records, np.zeros(len(rows), np.int64))
    return bank, label_products(records)


def names(terms) -> list[str]:
    return [term.name for term in terms]


def test_a_label_takes_part_if_it_is_known_repeats_and_differs():
    _, table = shop([("Shirts", "red"), ("Shirts", "red"), ("Belts", "red")])
    terms = triplet_terms(table, WEIGHTS, np.ones(3, bool))
    assert names(terms) == ["type", "type_colour", "product"]  # all are red, no pattern is known
    assert terms[1].blocks == ("shape", "colour") and terms[1].weight == 1.0


def test_only_labels_of_products_to_train_on_count():
    _, table = shop([("Shirts", "red"), ("Shirts", "blue"), ("Belts", "red"), ("Belts", "blue")])
    train = np.array([True, True, False, False])
    assert names(triplet_terms(table, WEIGHTS, train)) == ["product"]


def test_a_term_without_weight_or_of_an_unknown_column_is_left_out():
    _, table = shop([("Shirts", "red"), ("Shirts", "blue"), ("Belts", "red")])
    assert names(triplet_terms(table, {"type": 0.0, "fabric": 1.0}, np.ones(3, bool))) == []


def test_labels_of_photos_are_those_of_their_products():
    bank, table = shop([("Shirts", "red"), ("Belts", None), ("Shirts", "blue")], photos=2)
    terms = triplet_terms(table, WEIGHTS, np.ones(3, bool))
    tensors = label_tensors(table, terms, bank)
    assert tensors["type"].tolist() == table.columns["type"].repeat(2).tolist()
    assert tensors["product"].tolist() == [0, 0, 1, 1, 2, 2]


def test_a_batch_is_sampled_by_the_most_specific_label_of_a_photo():
    rows = [("Shirts", "red"), ("Shirts", "red"), ("Shirts", None), ("Belts", "blue")]
    rows += [(None, "blue"), (None, None), ("Belts", None)]
    bank, table = shop(rows)
    terms = triplet_terms(table, WEIGHTS, np.ones(len(rows), bool))
    assert "type_colour" in names(terms)
    groups, categories = sampling_groups(table, terms, bank)
    assert (groups >= 0).all()
    assert groups[0] == groups[1]  # both are red shirts
    assert len(set(groups.tolist())) == 6  # nobody else shares type and colour, type, or colour
    types = table.columns["type"]
    assert categories[:3].tolist() == [types[0]] * 3
    # Products of unknown type are set beside those of their colour.
    blue, unknown = categories[4:6].tolist()
    assert blue != unknown and not {blue, unknown} & {*types.tolist()}


def test_photos_without_a_type_are_drawn_with_those_of_their_product_beside_their_colour():
    bank, table = shop([(None, "red"), (None, "blue"), (None, "red"), (None, None)], photos=2)
    terms = triplet_terms(table, WEIGHTS, np.ones(4, bool))
    assert names(terms) == ["colour", "product"]
    groups, categories = sampling_groups(table, terms, bank)
    assert groups.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    red, blue, red_too, unknown = categories[::2].tolist()
    assert red == red_too and len({red, blue, unknown}) == 3


def test_a_product_weighs_more_if_nothing_else_trains_the_shape():
    def weight(rows) -> float:
        _, table = shop(rows)
        terms = triplet_terms(table, WEIGHTS, np.ones(len(rows), bool))
        return next(term.weight for term in terms if term.name == "product")

    typed = [("Shirts", "red"), ("Shirts", "blue"), ("Belts", "red")]
    assert weight(typed) == WEIGHTS["product"] < PRODUCT_ONLY_WEIGHT
    assert weight([(None, colour) for _, colour in typed]) == PRODUCT_ONLY_WEIGHT


def test_without_any_label_each_product_is_drawn_by_itself():
    bank, table = shop([(None, None)] * 3, photos=2)
    terms = triplet_terms(table, WEIGHTS, np.ones(3, bool))
    assert names(terms) == ["product"]
    groups, categories = sampling_groups(table, terms, bank)
    assert groups.tolist() == [0, 0, 1, 1, 2, 2]
    assert len(set(categories.tolist())) == 1


def test_one_product_has_no_negative():
    bank, table = shop([("Shirts", "red")], photos=3)
    with pytest.raises(NotEnoughData, match="at least two products"):
        sampling_groups(table, [], bank)
