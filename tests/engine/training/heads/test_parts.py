"""The parts learn what they are for, on features that hold it beside noise."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from catalog.records import ProductRecord
from engine.encoders.facet_heads import AppearanceConfig, ColourHead
from engine.errors import NotEnoughData
from engine.labels.labels import label_products
from engine.training.heads.colour_part import train_colour
from engine.training.heads.data import (
    HeadsData,
    compatible_types,
    fold,
    identities,
    merge_identical,
    standardised,
)
from engine.training.heads.sampler import FamilySampler
from engine.training.heads.shape_parts import DESIGN, IDENTITY, principal_components, train_part
from engine.training.heads.words_part import set_cross_entropy, train_words
from tests.engine.training.heads.made import SMALL, made_data


def same_design_first(data: HeadsData, rows: torch.Tensor) -> float:
    """Share of photos whose nearest photo is of the same design."""
    cosines = rows @ rows.T
    cosines.fill_diagonal_(-2)
    return float((data.identity[cosines.argmax(1).numpy()] == data.identity).mean())


def rows_of(linear: torch.nn.Linear, data: HeadsData) -> torch.Tensor:
    with torch.no_grad():
        return F.normalize(linear(data.features.float()), dim=1)


def test_the_identity_part_finds_designs_better_than_its_start():
    data = made_data()
    mean, spread = data.moments()
    start = fold(principal_components(data, mean, spread, SMALL), mean, spread)
    part = train_part(data, FamilySampler(data, SMALL), IDENTITY, 150, SMALL)
    before, after = (same_design_first(data, rows_of(one, data)) for one in (start, part))
    assert after > before + 0.1


def test_the_design_part_also_keeps_types_apart():
    data = made_data()
    types = data.labels["type"]
    same = types[:, None] == types
    apart = []
    for losses in (IDENTITY, replace(DESIGN, within={})):
        rows = rows_of(train_part(data, FamilySampler(data, SMALL), losses, 60, SMALL), data)
        cosines = (rows @ rows.T).numpy()
        apart.append(cosines[same].mean() - cosines[~same].mean())
    assert apart[1] > apart[0] + 0.1


def test_equal_seeds_give_equal_weights():
    data = made_data()
    parts = [train_part(data, FamilySampler(data, SMALL), IDENTITY, 5, SMALL) for _ in range(2)]
    assert torch.equal(parts[0].weight, parts[1].weight)


def test_a_folded_map_does_to_features_what_the_map_does_to_standardised_ones():
    data = made_data()
    mean, spread = data.moments()
    linear = torch.nn.Linear(data.features.shape[1], 4)
    with torch.no_grad():
        expected = linear(standardised(data.features, mean, spread))
        found = fold(linear, mean, spread)(data.features.float())
    assert torch.allclose(found, expected, atol=1e-4)


def test_moments_are_those_of_all_rows():
    data = made_data()
    mean, spread = data.moments()
    rows = data.features.float()
    assert torch.allclose(mean, rows.mean(0), atol=1e-4)
    assert torch.allclose(spread, rows.std(0, unbiased=False) + 1e-3, atol=1e-3)


def test_batches_hold_whole_designs_of_one_type_and_street_photos_beside():
    data = made_data(street=12)
    compatible = np.eye(3, dtype=bool)
    sampler = FamilySampler(data, replace(SMALL, batch_types=2, street_types=1), compatible)
    for step in range(5):
        batch = sampler.batch(step)
        assert len(np.unique(batch)) == len(batch)
        assert np.array_equal(batch, sampler.batch(step))
        assert data.street[batch].any()
        _, counts = np.unique(data.identity[batch], return_counts=True)
        assert (counts > 1).sum() >= 4


def test_without_repeated_designs_the_message_says_what_to_give():
    data = made_data()
    single = replace(data, identity=np.arange(len(data)))
    with pytest.raises(NotEnoughData, match="variant groups"):
        FamilySampler(single, SMALL)


def test_words_are_learned_and_street_photos_may_be_any_of_several():
    data = made_data(street=8)
    words = {"type": ("boot", "dress", "shirt", "footwear"), "colour": data.words["colour"]}
    types = np.where(data.street, 3, data.labels["type"])
    part = train_words(
        replace(data, words=words, labels={**data.labels, "type": types}),
        {"footwear": ("shirt", "boot")},
        SMALL,
    )
    assert part is not None
    assert part.words == ("boot", "dress", "shirt")
    with torch.no_grad():
        found = part.linear(data.features.float()).argmax(1).numpy()
    assert (found == data.labels["type"])[~data.street].mean() > 0.9


def test_a_set_of_right_words_costs_the_logarithm_of_their_sum():
    logits = torch.randn(4, 5)
    right = torch.zeros(4, 5, dtype=torch.bool)
    right[:, 1] = True
    expected = F.cross_entropy(logits, torch.ones(4, dtype=torch.int64), label_smoothing=0.1)
    assert torch.allclose(set_cross_entropy(logits, right, 0.1), expected)
    assert set_cross_entropy(logits, torch.ones_like(right), 0.0) == pytest.approx(0, abs=1e-6)


def test_colours_are_learned_and_derived_ones_take_no_part():
    data = made_data()
    head = ColourHead(data.width, AppearanceConfig(attention_maps=2, hidden=16), 8)
    part = train_colour(data, head, replace(SMALL, colour_steps=150))
    assert part is not None
    with torch.no_grad():
        pooled = data.features[:, : data.width].float()
        rows = F.normalize(part.head(data.histograms.float(), pooled), dim=1)
        found = part.linear(rows).argmax(1).numpy()
    assert (found == data.labels["colour"]).mean() > 0.95
    only_derived = replace(data, derived=np.ones(len(data), dtype=bool))
    assert train_colour(only_derived, head, SMALL) is None


def record(number: int, title: str, group: str = "") -> ProductRecord:
    return ProductRecord(
        product_id=f"shop/{number}", title=title, group_id=group or None, line=number
    )


def test_identities_are_groups_and_titles_that_differ_in_colour():
    records = [
        record(1, "Lee Men Striped Slim Blue Shirt"),
        record(2, "Lee Men Striped Slim Red Shirt"),
        record(3, "Puma Black T-shirt"),  # too few words to tell a design
        record(4, "Puma Red T-shirt"),
        record(5, "anything", "g1"),
        record(6, "something else", "g1"),
    ]
    codes = identities(records, label_products(records))
    assert codes[0] == codes[1]
    assert codes[4] == codes[5]
    assert len(set(codes.tolist())) == 4


def test_designs_that_share_a_photo_are_one():
    identity = np.array([0, 0, 1, 2, 3, 3])
    merged = merge_identical(identity, [b"a", b"b", b"b", b"c", b"d", b"e"])
    same = merged[:, None] == merged
    assert same[:3, :3].all()
    assert len(set(merged.tolist())) == 3
    alone = merge_identical(identity, [b"%d" % n for n in range(6)])
    assert len(set(alone.tolist())) == 4


def test_a_street_type_means_itself_and_what_the_table_says_where_the_shop_has_it():
    words = ("pants", "jeans", "trousers", "shirt")
    shop = np.array([False, True, False, True])
    meant = compatible_types(words, shop, {"pants": ("jeans", "trousers")})
    assert meant[0].tolist() == [False, True, False, False]
    assert np.array_equal(meant, meant.T)
    assert meant[3, 3]
