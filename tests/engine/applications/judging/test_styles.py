import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from catalog.records import ProductRecord
from engine.applications.judging.styles import PARTS, agreement, styles_section
from engine.evaluation.contender import Contender
from engine.labels.labels import label_products

COUNT = 240


@pytest.fixture(scope="module")
def shop():
    """Products of six kinds, and rows that show them."""
    kinds = np.arange(COUNT) % 6
    records = [
        ProductRecord(f"p{n}", f"Item {n}", n, category=(f"Kind {kind % 3}",), colour=colour)
        for n, kind in enumerate(kinds)
        for colour in [("red", "blue")[kind // 3]]
    ]
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(6, 16))[kinds] + 0.1 * draw.normal(size=(COUNT, 16))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return label_products(records), rows.astype(np.float32)


def test_styles_stand_beside_k_means_of_every_contender(shop):
    labels, rows = shop
    noise = np.random.default_rng(1).normal(size=rows.shape).astype(np.float32)
    nothing = np.full(COUNT, -1)
    contenders = [Contender("encoder", rows), Contender("start", noise)]
    section = styles_section(labels, nothing, np.arange(COUNT), contenders)
    found = {row.contender: row for row in section.rows}
    assert [*found] == ["styles, encoder", "k-means, encoder", "k-means, start"]
    assert {row.about for row in section.rows} == {"type and colour"}  # no designs are known
    assert found["styles, encoder"].seeds == COUNT
    ami = {name: row.values["ami"] for name, row in found.items()}
    assert ami["styles, encoder"].value > 0.5 > 0.2 > ami["k-means, start"].value
    assert ami["styles, encoder"].low <= ami["styles, encoder"].value <= ami["styles, encoder"].high


def test_agreement_is_that_of_what_is_known():
    draw = np.random.default_rng(2)
    known, groups = draw.integers(-1, 4, 300), draw.integers(0, 5, 300)
    groups[:200] = known[:200] + 1
    parts = draw.integers(PARTS, size=300)
    found = agreement(known, groups, parts)
    use = known >= 0
    assert found.value == pytest.approx(adjusted_mutual_info_score(known[use], groups[use]))
    assert found.low < found.value < found.high


def test_a_few_products_are_not_grouped(shop):
    _, rows = shop
    few = np.arange(20)
    records = [ProductRecord(f"p{n}", "Item", n, category=("Kind",), colour="red") for n in few]
    small = label_products(records)
    assert styles_section(small, few, few, [Contender("encoder", rows[:20])]) is None
