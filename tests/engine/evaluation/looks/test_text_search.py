"""Search in words: titles find their products, phrases what they name."""

import numpy as np
import pytest

from engine.encoders.facets import FacetLayout
from engine.evaluation.contender import Contender
from engine.evaluation.looks.text_search import (
    PHRASES,
    TITLES,
    judge_phrases,
    judge_titles,
    phrases,
    text_section,
)
from engine.evaluation.reports.text_tables import section_table
from engine.labels.labels import LabelTable


def table(colours: list[int], types: list[int]) -> LabelTable:
    return LabelTable(
        tuple(map(str, range(len(colours)))),
        {"colour": np.array(colours), "type": np.array(types)},
        {"colour": ("red", "navy blue"), "type": ("dress", "shirt")},
        {},
    )


def test_a_phrase_needs_five_products_of_its_colour_and_type():
    texts, named = phrases(table([0] * 5 + [1] * 4 + [-1], [0] * 5 + [1] * 4 + [0]))
    assert texts == ["red dress"]
    assert named.tolist() == [[True] * 5 + [False] * 5]


def test_phrases_are_judged_by_the_first_ten():
    products = np.eye(12, dtype=np.float32)
    named = np.zeros((1, 12), dtype=bool)
    named[0, :4] = True
    query = np.linspace(1, 0, 12, dtype=np.float32)[None]
    found = judge_phrases(named, query, products).values["precision_at_10"]
    assert found == pytest.approx([1.0])
    found = judge_phrases(~named, query, products).values["precision_at_10"]
    assert found == pytest.approx([6 / 8])


def test_products_of_one_title_answer_it_equally():
    products = np.eye(12, dtype=np.float32)
    titles = ["a", "a", *map(str, range(10))]
    queries = products.copy()
    queries[0] = products[1]
    queries[2] = -products[2]  # its product comes last
    hits = judge_titles(titles, queries, products).values["recall_at_10"]
    assert hits.tolist() == [1, 1, 0, *[1] * 9]


class Words:
    """An encoder whose rows of texts are those of the products, in order."""

    name, fingerprint, image_size, has_texts = "words", "0", 4, True
    layout = FacetLayout.of({"shape": 12})

    def encode_pixels(self, pixels):
        raise NotImplementedError

    def encode(self, images):
        raise NotImplementedError

    def encode_texts(self, texts):
        return np.eye(12, dtype=np.float32)[: len(texts)]


def test_the_section_has_a_row_for_titles_and_one_for_phrases():
    rows = np.eye(12, dtype=np.float32)
    contender = Contender("words", rows, rows, Words.layout)
    titles = [str(n) for n in range(12)]
    labels = table([0] * 6 + [1] * 6, [0] * 6 + [1] * 6)
    section = text_section(titles, labels, [Words()], [contender])
    assert [row.about for row in section.rows] == [TITLES, PHRASES]
    assert section.rows[0].values["recall_at_10"].value == 1
    table_lines = "\n".join(section_table(section))
    assert "R@10" in table_lines and "P@10" in table_lines
    without = Words()
    without.has_texts = False
    assert text_section(titles, labels, [without], [contender]) is None
