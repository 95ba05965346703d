"""Rounds of offline mining: what they find, and what they make of batches."""

import numpy as np
import pytest
import torch

from engine.training.data.batches import TrainingData
from engine.training.loop import mining_rounds as module
from engine.training.loop.mining_rounds import PER_ANCHOR, MiningRounds
from engine.training.losses.conditional import Term
from tests.engine.training import twins
from tests.engine.training.loop.test_loop import differs, run
from tests.engine.training.tiny import tiny_config

CPU = torch.device("cpu")
TERMS = [
    Term("type", "type", ("shape",)),
    Term("colour", "colour", ("colour",), 0.5),
    Term("type_colour", "type_colour", ("shape", "colour")),
]
# Eight photos a type; types 0 and 1 look the same, and so do 2 and 3. Colours: 0 and 2, 1 and 3.
TYPE = np.repeat(np.arange(4), 8)
COLOUR = np.tile(np.arange(4), 8)
CONFUSED_TYPE, CONFUSED_COLOUR = np.array([1, 0, 3, 2]), np.array([2, 3, 0, 1])


def placed(groups: np.ndarray, seed: int) -> np.ndarray:
    """Unit rows ``(N, 6)`` near one axis a group."""
    rng = np.random.default_rng(seed)
    rows = np.eye(6)[groups] + rng.normal(size=(len(groups), 6)) * 0.05
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


BLOCKS = {"shape": placed(TYPE // 2, 0), "colour": placed(COLOUR % 2, 1)}


def planted(**changes) -> TrainingData:
    labels = {"type": TYPE, "colour": COLOUR, "type_colour": TYPE * 4 + COLOUR}
    values = {
        "pixels": np.zeros((len(TYPE), 4, 4, 3), np.uint8),
        "labels": {name: torch.from_numpy(codes) for name, codes in labels.items()},
        "captions": None,
        "train": np.ones(len(TYPE), bool),
        "groups": TYPE,
        "categories": np.zeros_like(TYPE),
        "source": np.zeros_like(TYPE),
    }
    return TrainingData(**(values | changes))


@pytest.fixture
def mined(monkeypatch):
    """Rounds that saw the planted blocks."""

    def embed(model, photos, rows, side, device, on_rows):
        on_rows(len(rows))
        return {name: block[rows] for name, block in BLOCKS.items()}

    monkeypatch.setattr(module, "embed_pixels", embed)

    def mine(data=None, step=5, progress=lambda done, total: None, **changes) -> MiningRounds:
        rounds = MiningRounds(data or planted(), TERMS, tiny_config(offline_every=5, **changes))
        rounds.mine(None, step, CPU, progress)
        return rounds

    return mine


def test_planted_confusions_are_found_facet_by_facet(mined):
    rounds = mined()
    anchor, positive, negative = rounds.triplets(0, "type").T
    assert len(anchor) == len(TYPE) * PER_ANCHOR
    assert (TYPE[negative] == CONFUSED_TYPE[TYPE[anchor]]).all()
    assert (TYPE[positive] == TYPE[anchor]).all() and (positive != anchor).all()
    anchor, _, negative = rounds.triplets(0, "colour").T
    assert (COLOUR[negative] == CONFUSED_COLOUR[COLOUR[anchor]]).all()
    # Of both together, at once the same in one and confused in the other comes first.
    anchor, _, negative = rounds.triplets(0, "type_colour").T
    near = (TYPE[negative] // 2 == TYPE[anchor] // 2) & (COLOUR[negative] % 2 == COLOUR[anchor] % 2)
    assert near.all()


def test_negatives_are_the_nearest_wrong_rows(mined):
    found = mined().triplets(0, "type")
    expected = []
    for anchor in range(len(TYPE)):
        wrong = [row for row in range(len(TYPE)) if TYPE[row] != TYPE[anchor]]
        shape = BLOCKS["shape"]
        wrong.sort(key=lambda row, a=anchor: twins.distance(shape[a], shape[row]))
        expected += [(anchor, row) for row in wrong[:PER_ANCHOR]]
    assert [(a, n) for a, _, n in found.tolist()] == expected


def test_only_photos_of_one_source_that_are_trained_on_are_mined(mined):
    source = np.arange(len(TYPE)) % 3 // 2  # a third is another shop's
    train = np.arange(len(TYPE)) % 5 != 0
    unknown = np.where(np.arange(len(TYPE)) % 7 == 0, -1, TYPE)
    data = planted(source=source, train=train)
    data.labels["type"] = torch.from_numpy(unknown)
    rounds = mined(data)
    for n in (0, 1):
        rows = rounds.triplets(n, "type")
        assert len(rows)
        assert (source[rows] == n).all() and train[rows].all() and (unknown[rows] != -1).all()


def test_a_share_of_a_batch_consists_of_mined_triplets(mined):
    rounds, batch = mined(labels_per_batch=6, offline_share=0.5), np.arange(12)
    assert np.array_equal(rounds.mix(batch, 1, 7), batch)  # nothing is known of this source
    every = {term.name: {*map(tuple, rounds.triplets(0, term.name).tolist())} for term in TERMS}
    terms = set()
    for step in range(40):
        mixed = rounds.mix(batch, 0, step)
        assert np.array_equal(mixed, rounds.mix(batch, 0, step))
        assert np.array_equal(mixed[:6], batch[:6]) and mixed.shape == (12,)
        triplets = {tuple(row) for row in mixed[6:].reshape(2, 3).tolist()}
        of = {name for name, found in every.items() if triplets <= found}
        assert of
        terms |= of
    assert terms == {"type", "colour", "type_colour"}
    assert any(not np.array_equal(rounds.mix(batch, 0, 0), rounds.mix(batch, 0, s)) for s in (1, 2))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_may_be_none_or_all(mined, share):
    rounds, batch = mined(offline_share=share), np.full(8, 31)
    kept = int((rounds.mix(batch, 0, 3) == batch).sum())
    assert kept == 8 if share == 0 else kept < 8
    assert len(rounds.mix(batch, 0, 3)) == 8


def test_without_mined_triplets_batches_stay_as_they_are(mined):
    alike = torch.zeros(len(TYPE), dtype=torch.int64)
    data = planted(labels={"type": alike, "colour": alike, "type_colour": alike})
    assert np.array_equal(mined(data).mix(np.arange(8), 0, 3), np.arange(8))


def test_rounds_come_every_so_many_steps_of_the_triplet_stage():
    config = tiny_config(contrastive_steps=4, offline_every=3)
    rounds = MiningRounds(planted(), TERMS, config)
    assert [step for step in range(14) if rounds.is_due(step)] == [7, 10, 13]
    off = MiningRounds(planted(), TERMS, tiny_config())
    assert not any(off.is_due(step) for step in range(14))


def test_progress_is_reported_to_the_end(mined):
    progress = []
    mined(progress=lambda done, total: progress.append((done, total)))
    done = [one for one, _ in progress]
    assert done == sorted(done) and progress[-1] == (32 + 3 * 32,) * 2


def test_mined_triplets_are_restored_from_a_state(mined):
    rounds = mined()
    again = MiningRounds(planted(), TERMS, tiny_config(offline_every=5))
    again.load_state_dict(rounds.state_dict())
    for term in TERMS:
        assert np.array_equal(again.triplets(0, term.name), rounds.triplets(0, term.name))


def test_rounds_are_reproducible_and_change_what_is_learned(tiny_run):
    config = tiny_config(steps=5, offline_every=2)
    progress = []
    first = run(tiny_run(), config)
    made = tiny_run()
    assert not differs(first, run(made, config))
    assert differs(first, run(tiny_run(), tiny_config(steps=5)))
    rounds = MiningRounds(made.prepared.data, made.prepared.terms, config)
    rounds.mine(first, 4, CPU, lambda done, total: progress.append(done == total))
    assert progress[-1] and not any(progress[:-1])
    mined = rounds.triplets(0, "type")
    assert len(mined) and made.prepared.data.train[mined].all()
