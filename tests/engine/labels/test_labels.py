import numpy as np
import pytest

from catalog.records import ProductRecord
from engine.labels.labels import (
    RULES,
    UNKNOWN,
    LabelRule,
    encode_words,
    fill_colours,
    joint_codes,
    label_products,
)


def product(title="", *, number=1, category=(), colour=None, pattern=None, **more):
    own = {name: more.pop(name) for name in ("gender", "group_id") if name in more}
    return ProductRecord(
        f"p{number}",
        title,
        number,
        category=category,
        colour=colour,
        pattern=pattern,
        attributes=more,
        **own,
    )


def word(column, record):
    return label_products([record]).text(column, 0)


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        (("Apparel", "Topwear", "Tshirts"), "tshirt"),
        (("T-Shirt",), "tshirt"),
        (("Tops", "T-shirts"), "tshirt"),
        (("Dresses",), "dress"),
        (("Accessories", "Scarves"), "scarf"),
        (("Innerwear Vests",), "innerwear vest"),
        (("Undershirt",), "innerwear vest"),
        (("Jeans",), "jeans"),
        (("Moon boots",), "moon boot"),
        (("Other",), None),
        ((), None),
    ],
)
def test_types_of_different_sources_share_a_word(category, expected):
    assert word("type", product(category=category)) == expected


def test_without_a_category_the_last_type_word_of_the_title_counts():
    assert word("type", product("Nike tshirt dress, red")) == "dress"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Arrow Men Checks Blue Shirt", "check"),
        ("Arrow Men Checked Blue Shirt", "check"),
        ("UCB Men Stripes White Tshirt", "striped"),
        ("W Women Flower Print Kurta", "floral"),
        ("Levi's Men Graphic Print Tshirt", "printed"),
        ("Plain white tee", "solid"),
        ("Unicorn shirt", None),
        ("Checkmate shirt", None),
    ],
)
def test_pattern_words_in_titles(title, expected):
    assert word("pattern", product(title)) == expected


def test_the_attribute_goes_before_the_title():
    record = product("Striped shirt", pattern="Plain", colour="Navy")
    assert word("pattern", record) == "solid"
    assert word("colour", record) == "navy blue"


@pytest.mark.parametrize("nothing", ["NA", "n/a", " none ", "Not sure", ""])
def test_a_value_that_says_nothing_is_no_label(nothing):
    assert word("colour", product(colour=nothing)) is None


def test_a_title_with_two_colours_is_not_decided():
    assert word("colour", product("Black and red shirt")) is None
    assert word("colour", product("Navy blue shirt")) == "navy blue"


def test_a_brand_is_no_collar():
    assert word("neck", product("U.S. Polo Assn. Men Shirt")) is None
    assert word("neck", product("Puma Men Polo T-shirts")) == "polo neck"
    assert word("neck", product(neck="Polo")) == "polo neck"
    assert word("neck", product(category=("Polo",))) == "polo neck"


def test_joint_columns_need_all_their_parts():
    table = label_products(
        [
            product(number=1, category=("Shirts",), colour="red"),
            product(number=2, category=("Shirt",), colour="Red"),
            product(number=3, category=("Shirts",)),
            product(number=4, category=("Tops",), colour="red"),
        ]
    )
    codes = table.columns["type_colour"]
    assert codes[0] == codes[1] != codes[3]
    assert codes[2] == UNKNOWN
    np.testing.assert_array_equal(table.joint("type", "colour") == UNKNOWN, codes == UNKNOWN)


def test_groups_and_products_are_compared_as_written():
    table = label_products(
        [product(number=1, group_id="A-1s"), product(number=2, group_id="a 1"), product(number=3)]
    )
    assert table.columns["group"].tolist() == [0, 1, UNKNOWN]
    assert table.columns["product"].tolist() == [0, 1, 2]


def test_a_photo_of_nothing_known_still_has_its_product():
    table = label_products([product()])
    known = [name for name, codes in table.columns.items() if codes[0] != UNKNOWN]
    assert known == ["product"]


def test_every_column_is_aligned_and_int64():
    table = label_products([product("Red dress", number=n) for n in range(3)])
    for name in table.columns:
        assert table.columns[name].shape == (3,)
        assert table.columns[name].dtype == np.int64
    assert set(table.columns) == set(table.words) == {rule.column for rule in RULES}


def test_taking_rows_keeps_codes_and_words():
    table = label_products(
        [product(number=n, colour=c) for n, c in enumerate(["red", "tan", "red"])]
    )
    some = table.take(np.array([False, True, True]))
    assert some.product_ids == ("p1", "p2")
    assert [some.text("colour", row) for row in range(2)] == ["tan", "red"]


def test_a_joint_rule_must_stand_below_its_parts():
    with pytest.raises(ValueError, match=r"joins \['b'\]"):
        label_products([], [LabelRule("ab", of=("b",))])


def test_words_are_coded_in_order_of_appearance():
    codes, words = encode_words(["b", None, "a", "b"])
    assert codes.tolist() == [0, UNKNOWN, 1, 0]
    assert words == ("b", "a")


def test_joint_codes_agree_exactly_where_all_columns_do():
    draw = np.random.default_rng(0)
    columns = [draw.integers(-1, 3, size=50) for _ in range(3)]
    codes = joint_codes(columns)
    for i in range(50):
        known = all(column[i] != UNKNOWN for column in columns)
        assert (codes[i] != UNKNOWN) == known
        for j in range(50):
            if known and codes[j] != UNKNOWN:
                same = all(column[i] == column[j] for column in columns)
                assert (codes[i] == codes[j]) == same


def test_no_products_give_empty_columns():
    table = label_products([])
    assert len(table) == 0
    assert table.columns["type"].shape == (0,)


def test_a_photo_tells_the_colour_only_where_words_do_not():
    records = [
        product(number=1),
        product(number=2, colour="Multi"),
        product(number=3, colour="Tan"),
        product("Green hat", number=4),
        product(number=5),
    ]
    calls = []

    def see(row: int) -> str | None:
        calls.append(row)
        return "red" if row < 4 else None

    filled = label_products(fill_colours(records, see))
    assert calls == [0, 1, 4]  # a look at a photo takes milliseconds
    assert [filled.text("colour", row) for row in range(5)] == ["red", "red", "tan", "green", None]
