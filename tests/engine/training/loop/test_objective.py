import pytest
import torch

from engine.training.data.config import MINERS, TrainConfig
from engine.training.data.distributed import Processes
from engine.training.loop.objective import Objective
from engine.training.losses.miners import (
    BatchAllMiner,
    BatchHardMiner,
    RandomMiner,
    SemiHardMiner,
)
from tests.engine.training.tiny import tiny_config

KINDS = {
    "semi-hard": SemiHardMiner,
    "random": RandomMiner,
    "batch-all": BatchAllMiner,
    "batch-hard": BatchHardMiner,
}


@pytest.fixture
def objective(tiny_run):
    """Makes objectives over the triplet terms of a tiny shop, without proxies."""
    made = tiny_run()

    def make(**changes) -> Objective:
        changes = {"text_weight": 0.0, "proxy_weight": 0.0, "hard_from": 1.0} | changes
        config = tiny_config(**changes)
        return Objective(made.initial.model, made.prepared.terms, config, Processes())

    return make


def loss_at(objective: Objective, step: int) -> float:
    """The loss of a fixed batch of 12 photos at a step."""
    generator = torch.Generator().manual_seed(1)
    dims = {**objective._model.config.dims, "embedding": 8}
    rows = {
        name: torch.nn.functional.normalize(torch.randn(12, dim, generator=generator), dim=1)
        for name, dim in dims.items()
    }
    labels = {term.label: torch.arange(12) // 3 for term in objective._terms}
    return float(objective(rows, labels, step).value)


@pytest.mark.parametrize("name", MINERS)
def test_the_miner_is_the_configured_one_until_mining_turns_hard(objective, name):
    chosen = objective(miner=name, steps=10)
    assert {type(chosen._miner(step)) for step in range(10)} == {KINDS[name]}
    late = objective(miner=name, steps=10, hard_from=0.0)
    assert type(late._miner(9)) is BatchHardMiner


def test_miners_differ_in_their_loss(objective):
    losses = {name: loss_at(objective(miner=name), 0) for name in MINERS}
    assert len(set(losses.values())) == len(MINERS)
    assert losses["batch-hard"] > losses["semi-hard"]


def test_random_negatives_depend_on_seed_and_step_alone(objective):
    chosen = objective(miner="random")
    first = [loss_at(chosen, step) for step in (0, 1)]
    assert [loss_at(objective(miner="random"), step) for step in (0, 1)] == first
    assert first[0] != first[1] != loss_at(objective(miner="random", seed=1), 1)


def test_a_config_that_was_saved_without_a_miner_is_semi_hard():
    saved = TrainConfig(steps=7).as_json()
    del saved["miner"]
    assert TrainConfig.from_json(saved) == TrainConfig(steps=7)
