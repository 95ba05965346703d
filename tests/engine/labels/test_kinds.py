"""The kind and the type of a product, from its category path."""

import pytest

from engine.labels.kinds import KINDS, kind_of, type_of
from engine.labels.vocabulary import normal


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Apparel > Topwear > Tshirts", "tops"),
        ("Women > Sale > T-Shirts", "tops"),
        ("Footwear > Shoes > Dress Shoes", "footwear"),
        ("Accessories > Jewellery > Necklace and Chains", "jewellery"),
        ("Accessories > Watches > Watches", "watches"),
        ("Apparel > Bottomwear > Jeggings", "bottoms"),
        ("Accessories > Bags > Something New", "bags"),  # the wider name knows
        ("Apparel > Innerwear > Innerwear Vests", "underwear"),
        ("Tops & Dresses", None),
        ("Shoes, Bags", None),
        ("Accessories > Shoe Accessories > Shoe Accessories", None),
        ("New in", None),
        ("", None),
        (None, None),
    ],
)
def test_the_narrowest_name_with_a_word_of_a_kind_decides(path, kind):
    assert kind_of(path) == kind


def test_no_word_is_of_two_kinds():
    found: dict[str, str] = {}
    for kind, words in KINDS.items():
        for word in words:
            assert found.setdefault(normal(word), kind) == kind, word


def test_a_type_is_the_narrowest_name_however_it_is_written():
    assert type_of("Tops > T-Shirts") == type_of("Sale > tshirt") == "tshirt"
    assert type_of("Tops") != type_of("Tops > Shirts")
    assert type_of(None) is None and type_of("") is None and type_of("!") is None
