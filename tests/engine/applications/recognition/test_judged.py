import numpy as np
import pytest

from engine.applications.recognition.judged import recognition_section
from engine.evaluation.contender import Contender
from engine.labels.labels import label_products
from tests.engine.applications.recognition.test_recogniser import (
    COLOURS,
    LAYOUT,
    TYPES,
    product,
    rows_of,
)


@pytest.fixture(scope="module")
def section():
    """The table of 150 products, a fifth of them with a colour that nobody sees."""
    draw = np.random.default_rng(0)
    kinds, colours = np.arange(150) % 3, np.arange(150) // 3 % 2
    shown = np.where(draw.random(150) < 0.2, 1 - colours, colours)
    products = [
        product(f"p{n:03}", TYPES[kind], COLOURS[colour])
        for n, (kind, colour) in enumerate(zip(kinds, shown, strict=True))
    ]
    contender = Contender("fake", rows_of(kinds, colours), None, LAYOUT)
    return recognition_section(products, label_products(products), contender)


def cells(section, about: str) -> dict:
    return {row.contender: row for row in section.rows if row.about == about}


def test_neighbours_stand_beside_a_linear_probe_and_the_majority(section):
    types = cells(section, "type")
    assert types.keys() == {"neighbours", "neighbours, certain ones", "linear probe", "majority"}
    assert types["neighbours"].values["accuracy"].value == 1
    assert types["linear probe"].values["accuracy"].value == 1
    assert types["majority"].values["accuracy"].value == pytest.approx(1 / 3)
    assert types["neighbours"].weights == "shape"
    assert types["neighbours"].seeds == 150


def test_what_cannot_be_seen_is_not_recognised(section):
    colours = cells(section, "colour")
    accuracy = colours["neighbours"].values["accuracy"]
    assert accuracy.value == pytest.approx(0.8, abs=0.08)
    assert accuracy.low < accuracy.value < accuracy.high
    assert colours["neighbours"].weights == "colour"


def test_the_calibration_error_has_an_interval(section):
    colours = cells(section, "colour")
    error = colours["neighbours"].values["calibration_error"]
    assert 0 <= error.low <= error.value <= error.high < 0.4
    assert np.isnan(colours["majority"].values["calibration_error"].value)


def test_labels_of_few_products_are_not_judged(section):
    assert {row.about for row in section.rows} == {"type", "colour"}
    few = [product(f"p{n}", "Shirts", "red") for n in range(9)]
    contender = Contender("fake", rows_of(np.zeros(9, int), np.zeros(9, int)), None, LAYOUT)
    assert recognition_section(few, label_products(few), contender) is None
