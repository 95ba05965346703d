from pathlib import Path

import pytest
import torch

from engine.encoders.appearance import AppearanceModel
from engine.errors import Diverged
from engine.labels.labels import RULES
from engine.training.data.distributed import Processes
from engine.training.data.initial_model import open_initial_model
from engine.training.data.preparation import prepare
from engine.training.loop.checkpoint import Checkpoint
from engine.training.loop.collapse import PATIENCE, CollapseGuard
from engine.training.loop.loop import train
from tests.engine.training.tiny import RESNET, tiny_config, tiny_encoder

CPU = torch.device("cpu")
STILL = {"heads_lr": 0.0, "tower_lr": 0.0, "text_weight": 0.0}


def run(made, config, path: Path | None = None, on_step=lambda report: None) -> AppearanceModel:
    prepared = made.prepared
    state = Checkpoint(path, config)
    return train(
        made.initial.model, prepared.data, prepared.terms, config, CPU, state, on_step=on_step
    )


def collapse(model: AppearanceModel, *facets: str) -> None:
    """Leaves only the bias of a facet's head: one row for every photo."""
    with torch.no_grad():
        for name in facets:
            head = model.facets.heads[name]
            *_, last = (part for part in head.modules() if isinstance(part, torch.nn.Linear))
            last.weight.zero_()


def collapsing_at(step: int, made, *facets: str):
    def change(report):
        if report.step == step:
            collapse(made.initial.model, *facets)

    return change


@pytest.mark.parametrize("facet", ["shape", "colour", "pattern"])
def test_one_collapsed_facet_stops_the_run(tiny_run, tmp_path, facet):
    """The joint row stays spread out, by the other facets."""
    made, steps = tiny_run(), []

    def on_step(report):
        steps.append(report)
        collapsing_at(4, made, facet)(report)

    config = tiny_config(steps=60, ema=0.0, save_every=100, **STILL)
    with pytest.raises(Diverged, match=rf"in {facet} \(spread .*at the start.*step 0 is kept"):
        run(made, config, tmp_path / "state.pt", on_step=on_step)
    assert len(steps) == 2 * PATIENCE - 1
    assert steps[-1].spreads[facet] < 1e-6
    assert steps[-1].spread > 0.02  # what the alarm looked at before
    assert not (tmp_path / "state.pt").exists()


def test_the_model_to_save_is_judged_and_a_collapsed_state_is_never_kept(tiny_run, tmp_path):
    made, path = tiny_run(), tmp_path / "state.pt"
    config = tiny_config(steps=6, ema=0.0, save_every=2, **STILL)
    message = r"in the model to save, which was not written: .*in colour .*step 2 is kept"
    with pytest.raises(Diverged, match=message):
        run(made, config, path, on_step=collapsing_at(3, made, "colour"))
    assert torch.load(path, weights_only=True)["step"] == 2


def test_the_averaged_model_is_the_one_that_is_judged(tiny_run, tmp_path):
    """At a decay near 1 a late accident of the running model does not reach the saved one."""
    made = tiny_run()
    config = tiny_config(steps=12, ema=0.5, **STILL)
    run(made, config, on_step=collapsing_at(11, made, "shape"))
    made = tiny_run()
    with pytest.raises(Diverged, match="in shape"):
        run(made, config.with_changes(steps=19, ema=0.1), on_step=collapsing_at(2, made, "shape"))


def test_a_start_that_is_one_point_stops_the_run(tiny_run):
    made = tiny_run()
    collapse(made.initial.model, "shape", "colour", "pattern")
    steps = []
    with pytest.raises(Diverged, match=r"collapsed for 20 steps.*shape .* and colour .* and patt"):
        run(made, tiny_config(steps=60, **STILL), on_step=lambda report: steps.append(report))
    assert len(steps) == PATIENCE - 1


def test_a_start_with_a_small_spread_is_not_collapsed(tiny_run, tmp_path):
    """New heads on a random ResNet: their joint row has a spread of less than 0.02."""
    made = tiny_run()
    name = tiny_encoder(tmp_path / "resnet", RESNET)
    made.initial = open_initial_model(name, tmp_path, 0, seed=0)
    config = tiny_config(steps=PATIENCE + 2, side=64, **STILL)
    made.prepared = prepare(made.bank, made.initial, config, RULES)
    reports = []
    run(made, config, on_step=reports.append)
    assert len(reports) == PATIENCE + 2
    assert max(report.spread for report in reports) < 0.02


def test_only_suspicious_batches_in_a_row_have_the_model_judged(tiny_run):
    made = tiny_run()
    model, one = made.initial.model, Processes()
    guard = CollapseGuard(model, made.prepared.data, 32, CPU)
    alike = {name: torch.ones(4, dim) / dim**0.5 for name, dim in model.config.dims.items()}
    apart = {name: torch.eye(4, dim) for name, dim in model.config.dims.items()}
    collapse(model, "pattern")
    for _ in range(3):
        for _ in range(PATIENCE - 1):
            guard.watch(alike, model, 0, one)
        guard.watch(apart, model, 0, one)
    for _ in range(PATIENCE - 1):
        guard.watch(alike, model, 40, one)
    with pytest.raises(Diverged, match=r"in pattern .*checkpoint of step 40 is kept"):
        guard.watch(alike, model, 40, one)


def test_batches_of_photos_that_are_alike_do_not_stop_a_sound_model(tiny_run):
    made = tiny_run()
    model = made.initial.model
    guard = CollapseGuard(model, made.prepared.data, 32, CPU)
    alike = {name: torch.ones(4, dim) / dim**0.5 for name, dim in model.config.dims.items()}
    for _ in range(3 * PATIENCE):
        guard.watch(alike, model, 0, Processes())
