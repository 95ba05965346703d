from itertools import combinations

import numpy as np
import pytest

from catalog.records import ProductRecord
from catalog.vocabulary.synonyms import Synonyms
from engine.labels.design_families import design_families, other_colour
from engine.labels.label_file import read_rules
from engine.labels.labels import label_products


def shop(*titles, **more):
    return [ProductRecord(f"p{n}", title, n, **more) for n, title in enumerate(titles)]


def families(records, **more):
    return design_families(records, label_products(records), **more).tolist()


def test_titles_that_differ_in_colour_size_number_and_filler_are_one_family():
    records = shop(
        "Puma Men Ferrari Navy Blue Track Jacket",
        "Puma Ferrari Men's Red Track-Jackets",
        "Puma Men's Jacket Ferrari Track, Black, XL 2012 and with Bag",
        "The Puma Men Ferrari Track Jacket L 500 Black",
    )
    assert families(records) == [0, 0, -1, 0]  # a bag makes another design


def test_fewer_than_four_telling_words_name_no_design():
    short = ["Puma Men Black T-shirt", "Puma Men Red T-shirt"]  # puma, men, tshirt
    assert families(shop(*short)) == [-1, -1]
    assert families(shop(*(f"{title} Ferrari" for title in short))) == [0, 0]
    repeated = ["Puma Puma Men Black T-shirt", "Puma Puma Men Red T-shirt"]
    assert families(shop(*repeated)) == [-1, -1]


def test_type_and_gender_must_be_equal_and_unknown_equals_unknown():
    title = "Acme Alpine Summit Trail Special"
    types = [("Jackets",), ("Jackets",), ("Shirts",), (), (), ("Jackets",)]
    genders = ["male", "male", "male", None, None, "female"]
    records = [
        ProductRecord(f"p{n}", title, n, category=kind, gender=gender)
        for n, (kind, gender) in enumerate(zip(types, genders, strict=True))
    ]
    assert families(records) == [0, 0, -1, 1, 1, -1]


@pytest.mark.parametrize(("members", "kept"), [(1, False), (2, True), (4, True), (5, False)])
def test_families_have_two_to_four_members(members, kept):
    records = shop(*["Acme Alpine Summit Trail Jacket"] * members)
    assert families(records) == [0 if kept else -1] * members


def test_no_products_and_no_titles():
    assert families([]) == []
    assert families(shop("", "", "10001", "Red")) == [-1] * 4


def test_codes_count_up_in_order_of_appearance():
    one, two = "Acme Alpine Summit Trail Jacket", "Acme Urban Night Rain Coat"
    codes = design_families(records := shop(two, one, one, two), label_products(records))
    assert codes.tolist() == [0, 1, 1, 0] and codes.dtype == np.int64


def test_the_shop_s_own_colour_words_are_no_telling_words(tmp_path):
    titles = ["Acme Alpine Summit Jacket Nachtblau", "Acme Alpine Summit Jacket Smaragd"]
    assert families(shop(*titles)) == [-1, -1]
    file = tmp_path / "labels.toml"
    file.write_text(
        '[[label]]\ncolumn = "colour"\nwords = { "navy blue" = ["nachtblau"], green = ["smaragd"] }'
    )
    assert families(shop(*titles), rules=read_rules(file)) == [0, 0]
    own = tmp_path / "words.toml"
    own.write_text('[colours]\nnavy = ["Nachtblau"]\ngreen = ["Smaragd"]\n')
    assert families(shop(*titles), synonyms=Synonyms.load(own).colours) == [0, 0]


def test_synonyms_of_two_words_and_with_accents_are_found():
    titles = ["Acme Alpine Summit Jacket Bleu Nuit", "Acme Alpine Summit Jacket Grün"]
    assert families(shop(*titles), synonyms={"bleunuit", "grun"}) == [0, 0]


def test_a_product_s_own_colour_is_removed_from_its_title():
    title = "Acme Alpine Summit Jacket"
    records = [
        ProductRecord("a", f"{title} Marsala", 1, colour="Marsala"),
        ProductRecord("b", f"{title} Pine", 2, colour="g", attributes={"original_colour": "Pine"}),
        ProductRecord("c", f"{title} Marsala", 3, colour="Red"),
    ]
    assert families(records) == [0, 0, -1]


def slow_other_colour(codes, colours):
    found = [-1] * len(codes)
    for one, two in combinations(range(len(codes)), 2):
        known = -1 not in (codes[one], codes[two], colours[one], colours[two])
        if known and codes[one] == codes[two] and colours[one] != colours[two]:
            found[one] = found[two] = codes[one]
    return found


def test_members_with_a_sibling_in_another_colour_equal_the_slow_twin():
    draw = np.random.default_rng(0)
    for _ in range(30):
        codes, colours = draw.integers(-1, 6, 20), draw.integers(-1, 3, 20)
        assert other_colour(codes, colours).tolist() == slow_other_colour(codes, colours)


@pytest.mark.parametrize(
    ("codes", "colours", "expected"),
    [
        ([], [], []),
        ([-1, -1], [0, 1], [-1, -1]),
        ([0, 0], [2, 2], [-1, -1]),  # one colour twice
        ([0, 0], [2, -1], [-1, -1]),  # an unknown colour is not another colour
        ([0, 0, 0], [2, 2, 1], [0, 0, 0]),
    ],
)
def test_siblings_in_planted_families(codes, colours, expected):
    got = other_colour(np.array(codes, dtype=np.int64), np.array(colours, dtype=np.int64))
    assert got.tolist() == expected
