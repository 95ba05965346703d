"""Products that are one design in other colours: titles and looks together."""

from types import SimpleNamespace

import numpy as np
import pytest

from catalog.products.fact_rows import FactRow
from engine.encoders.facets import FacetLayout
from engine.facts.builder import read_columns
from engine.facts.guard_columns import Coder
from engine.facts.layers import KeyCodes, LayeredFacts
from engine.facts.row_map import RowMap
from engine.facts.selection import Selector
from engine.facts.words import WordCodes
from engine.product_ids import ProductIds
from engine.search.catalogue_facts import FactsSnapshot
from engine.search.designs import Designs, close_apart_from_colour
from tests.engine.facts.rows import fact_row

LAYOUT = FacetLayout.of({"shape": 2, "colour": 2})
TITLE = "Acme Men {} Woven Linen Shirt"


def naming(product_id: str, **values) -> FactRow:
    colour = values.pop("colour", "red")
    fields = {"title": TITLE.format(colour or ""), "category": "Tops > Shirts", "gender": "male"}
    return fact_row(product_id=product_id, colour=colour, **(fields | values))


def facts_of(*namings: FactRow) -> FactsSnapshot:
    rows = RowMap({one.product_id: row for row, one in enumerate(namings)})
    columns = read_columns([namings], rows.find, len(namings), Coder())
    words = {field: WordCodes(of_field) for field, of_field in columns.words.items()}
    state = LayeredFacts("", columns, Selector(columns), (), KeyCodes(columns), words)
    return FactsSnapshot(state, rows)


def designs(*namings: FactRow, shapes=None, threshold: float = 0.9) -> Designs:
    """Designs of products whose shapes are angles in degrees."""
    angles = np.radians(np.zeros(len(namings)) if shapes is None else shapes)
    shape = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    colour = np.random.default_rng(0).normal(size=shape.shape)
    generation = SimpleNamespace(
        layout=LAYOUT,
        ids=ProductIds.of([one.product_id for one in namings]),
        vectors=LAYOUT.compose({"shape": shape, "colour": colour}),
    )
    return Designs(generation, facts_of(*namings), threshold)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"colour": "navy blue"}, True),
        ({"colour": "red"}, False),  # the same colour is no other one
        ({"colour": None, "title": TITLE.format("Navy")}, False),  # the catalogue knows no colour
        ({"colour": "blue", "title": "Acme Men Blue Woven Linen Tunic"}, False),
        ({"colour": "blue", "title": "Acme Blue Shirt"}, False),  # too few words tell
        ({"colour": "blue", "category": "Tops > Tunics"}, False),
        ({"colour": "blue", "gender": "female"}, False),
        ({"colour": "blue", "group_id": "b"}, True),  # the shop says nothing of the first one
    ],
)
def test_title_type_gender_and_another_colour_make_a_colourway(other, same):
    some = designs(naming("a"), naming("b", **other))
    some.read([0, 1])
    assert some.colourways(0, np.array([1])).tolist() == [same]
    assert some.follows([0], 1) == same and not some.follows([], 1)


def test_two_groups_of_the_shop_are_two_designs():
    some = designs(naming("a", group_id="x"), naming("b", colour="blue", group_id="y"))
    some.read([0, 1])
    assert not some.colourways(0, np.array([1])).any()


def test_one_title_for_two_prints_is_told_apart_by_looks_and_colour_does_not_count():
    blue = [naming(one, colour="blue") for one in ("b", "c")]
    some = designs(naming("a"), *blue, shapes=[0, 20, 40])
    some.read([0, 1, 2])
    assert some.colourways(0, np.array([1, 2])).tolist() == [True, False]
    assert some.looks(0, np.array([1, 2])) == pytest.approx(np.cos(np.radians([20, 40])), abs=1e-6)


def test_each_colour_is_folded_into_the_first_of_its_design():
    colours = ("red", "blue", "green", "red", "blue")
    some = designs(*(naming(f"p{n}", colour=colour) for n, colour in enumerate(colours)))
    assert some.fold([1, 0, 2, 4]) == [1, 4]  # 4 is as blue as 1, so it is no colourway of it
    assert some.folded == {0: {1: [0, 2], 4: []}}
    assert some.fold([1, 2, 3], shown=[0]) == [3]


def test_the_rows_of_a_name_are_all_that_have_it():
    some = [naming("a"), naming("b", colour="blue"), naming("c", title="Shirt"), naming("d")]
    facts = facts_of(*some)
    assert facts.one_name(1).tolist() == [0, 1, 3]
    assert facts.one_name(2).tolist() == []  # too few words tell
    colours = facts.designs(np.arange(4)).colour.tolist()
    assert [facts.colour(code) for code in (*colours, -1)] == ["red", "blue", "red", "red", None]


def test_without_a_learned_threshold_what_is_close_apart_from_colour_counts():
    layout = FacetLayout.of({"shape": 2, "colour": 2, "pattern": 2}, None)
    close = {"shape": 0.9, "colour": 0.1, "pattern": 0.5}
    assert close_apart_from_colour(close, layout) == pytest.approx(0.7)
    assert close_apart_from_colour({"colour": 0.4}, FacetLayout.of({"colour": 2})) == 0.4
