"""Recognition on random rows whose clumps are categories, and whose colour block is a colour."""

from types import SimpleNamespace

import numpy as np
import pytest

from catalog.frozen_dict import FrozenDict
from catalog.records import Availability, Product
from engine.applications.recognition.contradictions import find_contradictions
from engine.applications.recognition.recogniser import Recogniser
from engine.applications.recognition.words import KnownWords, words_of
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.generations import publish

TYPES, COLOURS = ("Shirts", "Shoes", "Bags"), ("red", "blue")
COUNT = 240
LAYOUT = FakeEncoder().layout


def product(product_id: str, category: str, colour: str | None, **more) -> Product:
    values = {
        "product_id": product_id,
        "title": product_id,
        "brand": None,
        "category": ("Things", category) if category else (),
        "gender": None,
        "age_group": None,
        "colour": colour,
        "pattern": None,
        "price": None,
        "sale_price": None,
        "currency": None,
        "availability": Availability.IN_STOCK,
        "group_id": None,
        "link": None,
        "attributes": FrozenDict({}),
        "photos": (),
        "retired": False,
    }
    return Product(**(values | more))


def rows_of(kinds: np.ndarray, colours: np.ndarray, noise: float = 0.15) -> np.ndarray:
    draw = np.random.default_rng(7)
    blocks = {}
    for name, (start, stop) in LAYOUT.slices.items():
        centres = np.random.default_rng(len(name)).normal(size=(9, stop - start))
        codes = colours if name == "colour" else kinds
        spread = noise * draw.normal(size=(len(kinds), stop - start))
        blocks[name] = centres[codes] + spread
    return LAYOUT.compose(blocks)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """240 products of three categories and two colours, and one of a category of its own."""
    kinds, colours = np.arange(COUNT) % 3, np.arange(COUNT) // 3 % 2
    kinds[-1], colours[-1] = 5, 0
    rows = rows_of(kinds, colours)
    ids = [f"p{n:03}" for n in range(COUNT)]
    generation = publish(tmp_path_factory.mktemp("world"), of=(ids, rows))
    products = {
        one: product(one, TYPES[kind] if kind < 3 else "Umbrellas", COLOURS[colour])
        for one, kind, colour in zip(ids, kinds, colours, strict=True)
    }
    return SimpleNamespace(generation=generation, products=products, rows=rows, ids=ids)


def opened(world, products=None, **options) -> tuple[Recogniser, KnownWords]:
    known = world.products if products is None else products
    catalogue = SimpleNamespace(
        products=lambda ids: {one: known[one] for one in ids if one in known}
    )
    words = KnownWords(catalogue, world.generation)
    return Recogniser(world.generation, words, **options), words


def test_category_comes_from_shape_and_colour_from_colour(world):
    recogniser, _ = opened(world)
    mixed = rows_of(np.array([1, 2]), np.array([1, 0]))
    for vector, category, colour in zip(mixed, TYPES[1:], ("blue", "red"), strict=True):
        found = {one.attribute: one for one in recogniser.of_vector(vector)}
        assert found["category"].word == f"Things > {category}"
        assert found["colour"].word == colour
        assert all(one.certain and one.known is None for one in found.values())
        assert found["category"].agreeing == found["category"].voters == 12
        assert len(found["category"].evidence) == 12


def test_a_category_with_one_example_works_at_once(world):
    recogniser, _ = opened(world)
    [vector] = rows_of(np.array([5]), np.array([0]), noise=0.05)
    found = {one.attribute: one for one in recogniser.of_vector(vector)}
    assert found["category"].word == "Things > Umbrellas"
    assert found["category"].agreeing == 1
    assert found["category"].evidence[0].product_id == world.ids[-1]


def test_a_product_does_not_vote_for_itself(world):
    recogniser, _ = opened(world)
    alone = {one.attribute: one for one in recogniser.of_row(COUNT - 1)}
    assert alone["category"].known == "Things > Umbrellas"
    assert alone["category"].word != "Things > Umbrellas"


def test_a_product_that_lacks_words_gets_them_from_others(world):
    lacking = world.products | {"p004": product("p004", "", None)}
    recogniser, _ = opened(world, lacking)
    found = {one.attribute: one for one in recogniser.of_row(4)}
    assert (found["category"].word, found["colour"].word) == ("Things > Shoes", "blue")
    assert found["category"].known is None


def test_it_abstains_where_it_is_not_sure(world):
    draw = np.random.default_rng(3)
    anything = {
        one: product(one, str(draw.choice(TYPES)), str(draw.choice(COLOURS))) for one in world.ids
    }
    recogniser, _ = opened(world, anything)
    assert not any(one.certain for one in recogniser.of_row(0))
    assert all(one.confidence < 0.8 for one in recogniser.of_row(0))
    bold, _ = opened(world, anything, least=0.0)
    assert all(one.certain for one in bold.of_row(0))


def test_only_the_attributes_that_are_asked_for(world):
    recogniser, _ = opened(world, attributes=["colour"])
    assert recogniser.confidences.keys() == {"colour"}
    assert [one.attribute for one in recogniser.of_row(0)] == ["colour"]


def test_relabelled_products_are_the_first_contradictions(world):
    planted = {f"p{n:03}": TYPES[(n + 1) % 3] for n in (3, 50, 100)}
    wrong = world.products | {
        one: product(one, category, world.products[one].colour) for one, category in planted.items()
    }
    recogniser, words = opened(world, wrong)
    seen: list[int] = []
    found = find_contradictions(recogniser, world.generation, words, on_progress=seen.append)
    assert {one.product_id for one in found[:4]} >= planted.keys()
    assert seen[-1] == COUNT
    first = next(one for one in found if one.product_id == "p003")
    assert first.attribute == "category"
    assert first.labelled == "Things > Shoes"
    assert first.looks_like == "Things > Shirts"
    assert first.agreeing == first.voters == 12


def test_what_a_shop_says_often_is_no_mistake(world):
    """A third of the shirts is called tops: that is how this shop uses the word."""
    tops = {f"p{n:03}": "Tops" for n in range(0, COUNT, 9)}
    wrong = world.products | {
        one: product(one, category, world.products[one].colour)
        for one, category in {**tops, "p001": "Bags"}.items()
    }
    recogniser, words = opened(world, wrong)
    found = find_contradictions(recogniser, world.generation, words, ["category"])
    scores = {one.product_id: one.score for one in found}
    assert scores["p001"] > max(scores[one] for one in tops if one in scores)


def test_words_are_the_shops_and_those_that_titles_tell():
    [words] = words_of(
        [
            product(
                "a",
                "Shirts",
                None,
                title="Striped red V-neck shirt",
                gender="male",
                attributes=FrozenDict(
                    {"usage": "Casual", "original_colour": "rot", "note": "x" * 99, "year": "2011"}
                ),
            )
        ]
    )
    assert words["category"] == "Things > Shirts"
    assert (words["gender"], words["usage"], words["colour"]) == ("male", "Casual", "red")
    assert words["pattern"] == "striped"
    assert "neck" in words
    assert not {"original_colour", "note", "year"} & words.keys()
