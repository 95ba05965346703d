"""Proxies: the cross entropy from its definition, rivals of one source only, and learning."""

import math

import numpy as np
import pytest
import torch

from engine.training.data.batches import TrainingData
from engine.training.loop.proxies import SCALE, Proxies, proxy_group
from engine.training.losses.conditional import LabelledRows, Term
from tests.engine.training.tiny import tiny_config

DIMS = {"shape": 3, "colour": 2}
TERMS = [
    Term("type", "type", ("shape",), 0.5),
    Term("type_colour", "type_colour", ("shape", "colour"), 1.0),
    Term("product", "product", ("shape",), 1.0),
]


def data(types, joint, sources, train=None) -> TrainingData:
    count = len(types)
    labels = {"type": torch.tensor(types), "type_colour": torch.tensor(joint)}
    labels["product"] = torch.arange(count)
    return TrainingData(
        pixels=np.zeros((count, 4, 4, 3), np.uint8),
        labels=labels,
        captions=None,
        train=np.ones(count, bool) if train is None else np.array(train),
        groups=np.arange(count),
        categories=np.zeros(count, np.int64),
        source=np.array(sources),
    )


def batch(made: TrainingData, seed: int = 3) -> LabelledRows:
    generator = torch.Generator().manual_seed(seed)
    blocks = {
        name: torch.nn.functional.normalize(
            torch.randn(len(made.source), width, generator=generator), dim=1
        ).requires_grad_()
        for name, width in DIMS.items()
    }
    return LabelledRows(blocks, made.labels)


def expected(proxies: Proxies, rows: LabelledRows, made: TrainingData, source: int) -> float:
    """The mean of -log softmax over the words of one source, photo by photo."""
    total = 0.0
    for number, term in enumerate(TERMS[:2]):
        words = proxies.rows[number].detach().numpy()
        codes = made.labels[term.label].numpy()
        rivals = sorted(set(codes[(made.source == source) & made.train & (codes >= 0)].tolist()))
        costs = []
        for photo, code in enumerate(codes):
            if code < 0:
                continue
            row = np.concatenate([rows.blocks[b][photo].detach().numpy() for b in term.blocks])
            row = row / np.linalg.norm(row)
            odds = {w: SCALE * row @ words[w] / np.linalg.norm(words[w]) for w in rivals}
            costs.append(math.log(sum(math.exp(o - odds[code]) for o in odds.values())))
        if costs:
            total += term.weight * sum(costs) / len(costs)
    return total


def test_the_loss_is_that_of_the_definition():
    made = data([0, 1, 2, 0, -1], [0, 1, -1, 2, 3], [0, 0, 0, 0, 0])
    proxies, rows = Proxies(TERMS, made, DIMS, seed=1), batch(made)
    cost = proxies(rows, 0)
    assert float(cost.detach()) == pytest.approx(expected(proxies, rows, made, 0), rel=1e-5)
    cost.backward()
    assert all(rows.blocks[name].grad.abs().sum() > 0 for name in DIMS)


def test_labels_of_other_sources_and_of_held_out_photos_do_not_compete():
    made = data([0, 1, 2, 3], [0, 1, 2, 3], [0, 0, 1, 0], train=[True, True, True, False])
    proxies = Proxies(TERMS, made, DIMS, seed=1)
    first = data([0, 1], [0, 1], [0, 0])
    proxies(batch(first), 0).backward()
    moved = proxies.rows[0].grad.abs().sum(dim=1) > 0
    assert moved.tolist() == [True, True, False, False]


def test_a_batch_without_labels_has_loss_zero_and_keeps_its_graph():
    made = data([0, 1], [0, 1], [0, 0])
    proxies = Proxies(TERMS, made, DIMS, seed=1)
    unknown = data([-1, -1], [-1, -1], [0, 0])
    assert float(proxies(batch(unknown), 0)) == 0.0


def test_following_the_gradient_separates_labels():
    made = data([0, 0, 1, 1, 2, 2], [-1] * 6, [0] * 6)
    config = tiny_config(heads_lr=0.02)
    proxies, rows = Proxies(TERMS, made, DIMS, seed=0), batch(made)
    optimizer = torch.optim.SGD([proxy_group(proxies, config), {"params": [rows.blocks["shape"]]}])
    costs = []
    for _ in range(60):
        optimizer.zero_grad()
        cost = proxies(rows, 0)
        cost.backward()
        optimizer.step()
        costs.append(float(cost.detach()))
    assert costs[-1] < 0.2 * costs[0]
