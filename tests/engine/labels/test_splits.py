import numpy as np
import pytest

from catalog.records import ProductRecord
from engine.errors import SettingsError
from engine.labels.splits import SPLITS, family_of, held_out, split_of, title_words


def product(number=0, title="", group=None, **attributes):
    return ProductRecord(f"p{number}", title, number, group_id=group, attributes=attributes)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Puma Men Black T-shirt", "Puma Men Navy Blue Tshirts"),
        ("Puma Men Checked Red Shirt", "PUMA Men Check Off White Shirts"),
        ("Casio Women White Dial Watch SH174", "Casio Women Black Dial Watch SH98"),
        ("Hanes Men Pack of 3 Grey Vests XL", "Hanes Men Pack of 2 White Vest"),
        ("Red Tape Casual Shoe", "Casual Black Tape Shoes"),
    ],
)
def test_colourways_sizes_and_spellings_are_one_family(one, other):
    assert family_of(product(1, one)) == family_of(product(2, other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Puma Men Black T-shirt", "Nike Men Black T-shirt"),
        ("Puma Men Black T-shirt", "Puma Women Black T-shirt"),
        ("Arrow Men Solid Blue Shirt", "Arrow Men Striped Blue Shirt"),
    ],
)
def test_other_products_are_other_families(one, other):
    assert family_of(product(1, one)) != family_of(product(2, other))


def test_a_sender_goes_before_a_group_and_a_group_before_a_title():
    assert family_of(product(1, "Red shirt", "g", sender_id="7")) == "sender 7"
    assert family_of(product(1, "Red shirt", "g")) == "group g"
    assert family_of(product(1, "Red shirt")) == "title shirt"


def test_a_title_that_says_nothing_leaves_the_product_alone():
    assert title_words("Red XL 42") == []
    assert family_of(product(5, "Red XL 42")) == "product p5"


def test_sides_of_v1_never_change():
    families = [family_of(product(n, f"Brand {name} shirt")) for n, name in enumerate("abcdefgh")]
    assert "".join(split_of(family)[0] for family in families) == GOLDEN


GOLDEN = "tvttttvt"


def test_the_share_that_is_held_out_is_near_the_promised_one():
    sides = [split_of(f"family {n}", "v1") for n in range(4000)]
    assert sides.count("validation") / 4000 == pytest.approx(SPLITS["v1"].share, abs=0.025)


def test_a_whole_family_goes_to_one_side_and_growth_moves_nobody():
    few = [product(n, group=f"g{n % 9}") for n in range(40)]
    more = [product(n, group=f"g{n % 31}") for n in range(100, 300)]
    mask = held_out(few)
    assert mask.any() and not mask.all()
    for group in range(9):
        assert len(set(mask[group::9].tolist())) == 1
    np.testing.assert_array_equal(held_out([*more, *few])[-40:], mask)


def test_no_products_give_an_empty_mask():
    assert held_out([]).shape == (0,)


def test_an_unknown_split_names_the_known_ones():
    with pytest.raises(SettingsError, match="no split 'v9'; choose one of v1"):
        split_of("family", "v9")
