"""A run that a test kills: prints each step. Arguments: shop, encoder, folder for its state."""

import sys
from pathlib import Path

import torch

from engine.labels.labels import RULES
from engine.training.data.initial_model import open_initial_model
from engine.training.data.photo_bank import open_bank
from engine.training.data.preparation import prepare
from engine.training.loop.checkpoint import Checkpoint
from engine.training.loop.loop import train
from tests.engine.training.tiny import tiny_config


def main() -> None:
    shop, encoder, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    torch.set_num_threads(1)
    config = tiny_config(contrastive_steps=2, steps=400, memory=12, save_every=3)
    config = config.with_changes(offline_every=2)
    start = open_initial_model(encoder, folder, 32, 0)
    prepared = prepare(open_bank([shop], 40, folder), start, tiny_config(), RULES)
    train(
        start.model,
        prepared.data,
        prepared.terms,
        config,
        torch.device("cpu"),
        Checkpoint(folder / "state.pt", config),
        on_step=lambda report: print(report.step, flush=True),
    )


if __name__ == "__main__":
    main()
