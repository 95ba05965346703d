"""A tiny shop and tiny encoders, made once; each test gets models of its own."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from engine.labels.labels import RULES
from engine.training.data.initial_model import InitialModel, open_initial_model
from engine.training.data.photo_bank import open_bank
from engine.training.data.preparation import prepare
from tests.engine.training.tiny import CONV, LITE, VIT, draw_shop, tiny_config, tiny_encoder


@pytest.fixture(autouse=True)
def one_thread():
    """Sums in one order, and no fight over cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_shop(tmp_path_factory) -> Path:
    return draw_shop(tmp_path_factory.mktemp("shop") / "shop")


@pytest.fixture(scope="session")
def encoders(tmp_path_factory) -> dict[str, str]:
    """Settings that name a tiny ViT, a tiny convolutional network and one of residual blocks."""
    folder = tmp_path_factory.mktemp("encoders")
    return {
        "vit": tiny_encoder(folder / "vit", VIT),
        "conv": tiny_encoder(folder / "conv", CONV),
        "lite": tiny_encoder(folder / "lite", LITE),
    }


@pytest.fixture(scope="session")
def _made(tiny_shop, encoders, tmp_path_factory) -> Callable[[str], SimpleNamespace]:
    cache = tmp_path_factory.mktemp("bank")
    made: dict[str, SimpleNamespace] = {}

    def make(tower: str) -> SimpleNamespace:
        if tower not in made:
            initial = open_initial_model(encoders[tower], cache, 32, 0)
            bank = open_bank([tiny_shop], 40, cache)
            prepared = prepare(bank, initial, tiny_config(), RULES)
            made[tower] = SimpleNamespace(initial=initial, prepared=prepared, bank=bank)
        return made[tower]

    return make


@pytest.fixture
def tiny_run(_made) -> Callable[[str], SimpleNamespace]:
    """``initial`` (a model that may be trained), ``prepared`` and ``bank`` of a tower."""

    def get(tower: str = "conv") -> SimpleNamespace:
        made = _made(tower)
        initial: InitialModel = replace(made.initial, model=copy.deepcopy(made.initial.model))
        return SimpleNamespace(initial=initial, prepared=made.prepared, bank=made.bank)

    return get
