import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from timm.layers import DropPath

from engine.errors import Diverged, NotEnoughData
from engine.training.data.batches import Batches, copied_to_gpu
from engine.training.data.distributed import Processes
from engine.training.loop import loop
from engine.training.loop.checkpoint import Checkpoint
from engine.training.loop.loop import StepReport, stage_factor, train
from tests.engine.training.tiny import tiny_config

CPU = torch.device("cpu")


def run(made, config, path: Path | None = None, on_step=lambda report: None):
    state = Checkpoint(path, config)
    prepared = made.prepared
    return train(
        made.initial.model, prepared.data, prepared.terms, config, CPU, state, on_step=on_step
    )


def assert_same(first: torch.nn.Module, second: torch.nn.Module) -> None:
    other = second.state_dict()
    for name, value in first.state_dict().items():
        assert torch.equal(value, other[name]), name


def differs(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    other = second.state_dict()
    return any(not torch.equal(value, other[name]) for name, value in first.state_dict().items())


def reports_of(made, config) -> list[StepReport]:
    reports: list[StepReport] = []
    run(made, config, on_step=reports.append)
    return reports


def mean(values) -> float:
    return float(np.mean(list(values)))


@pytest.mark.parametrize("tower", ["vit", "conv"])
def test_training_violates_fewer_and_fewer_triplets(tiny_run, tower):
    config = tiny_config(steps=80, tower_lr=1e-3, heads_lr=3e-3, hard_from=1.0)
    config = config.with_changes(text_weight=0.0, proxy_weight=0.0)  # triplets alone
    reports = reports_of(tiny_run(tower), config)
    assert [report.step for report in reports] == list(range(1, 81))
    active = [mean(report.active[name] for name in ("type", "colour")) for report in reports]
    assert mean(active[-8:]) < mean(active[:8]) - 0.15
    total = [report.loss for report in reports]
    assert mean(total[-8:]) < mean(total[:8])


def test_the_contrastive_stage_learns_titles(tiny_run):
    config = tiny_config(contrastive_steps=30, steps=1, tower_lr=1e-3, heads_lr=3e-3)
    reports = reports_of(tiny_run(), config)
    texts = [report.text_loss for report in reports[:30]]
    assert mean(texts[-8:]) < mean(texts[:8]) - 0.1
    assert reports[0].losses == {} and reports[30].losses


def test_weights_depend_on_the_seed(tiny_run):
    config = tiny_config(contrastive_steps=2, steps=4, memory=16)
    first, again = run(tiny_run(), config), run(tiny_run(), config)
    assert_same(first, again)
    assert differs(first, run(tiny_run(), tiny_config(contrastive_steps=2, memory=16, seed=1)))


# A round every 3 steps comes right after state 6, one every 2 steps before it.
@pytest.mark.parametrize(("ema", "every"), [(0.9, 0), (0.0, 0), (0.9, 3), (0.9, 2), (0.0, 2)])
def test_a_run_that_stops_resumes_as_if_it_had_not(tiny_run, tmp_path, ema, every):
    config = tiny_config(contrastive_steps=3, steps=6, memory=12, ema=ema, offline_every=every)
    whole = run(tiny_run(), config)

    class Stop(Exception):
        pass

    def stop(report):
        if report.step == 7:  # state 6 is on disk; step 7 is lost and done again
            raise Stop

    with pytest.raises(Stop):
        run(tiny_run(), config, tmp_path / "state.pt", on_step=stop)
    steps = []
    resumed = run(
        tiny_run(), config, tmp_path / "state.pt", on_step=lambda report: steps.append(report.step)
    )
    assert steps == [7, 8, 9]
    assert_same(whole, resumed)
    finished = run(tiny_run(), config, tmp_path / "state.pt", on_step=steps.append)
    assert len(steps) == 3  # nothing is left to do
    assert_same(whole, finished)


def test_skipped_blocks_are_the_same_in_both_passes_of_gradient_caching(tiny_run, monkeypatch):
    config = tiny_config(drop_path=0.5, chunk=4, text_weight=0.0)
    cached = run(tiny_run("lite"), config)
    assert differs(cached, run(tiny_run("lite"), config.with_changes(drop_path=0.0)))

    def one_pass(embed, loss_of, count, chunk):
        pieces = [embed(slice(at, at + chunk)) for at in range(0, count, chunk)]
        rows = {name: torch.cat([piece[name] for piece in pieces]) for name in pieces[0]}
        loss = loss_of(rows)
        loss.value.backward()
        return loss, {name: block.detach() for name, block in rows.items()}

    monkeypatch.setattr(loop, "backward", one_pass)
    whole = run(tiny_run("lite"), config)
    photos = torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(cached.rows(photos), whole.rows(photos), atol=1e-4, rtol=1e-3)


def test_stochastic_depth_continues_after_a_round_of_mining(tiny_run):
    made = tiny_run("lite")
    skipping = []

    def record(report):
        parts = made.initial.model.modules()
        skipping.append([part.training for part in parts if isinstance(part, DropPath)])

    run(made, tiny_config(drop_path=0.5, steps=3, ema=0.0, offline_every=1), on_step=record)
    assert len(skipping) == 3 and all(map(all, skipping)) and all(skipping)


def test_a_run_with_stochastic_depth_resumes_too(tiny_run, tmp_path):
    config = tiny_config(drop_path=0.5, steps=5)
    whole = run(tiny_run("lite"), config)

    class Stop(Exception):
        pass

    def stop(report):
        if report.step == 3:  # state 2 is on disk
            raise Stop

    with pytest.raises(Stop):
        run(tiny_run("lite"), config, tmp_path / "state.pt", on_step=stop)
    torch.manual_seed(99)  # what else draws random numbers is no concern of a run's
    assert_same(whole, run(tiny_run("lite"), config, tmp_path / "state.pt"))


def test_photos_held_on_a_gpu_are_the_ones_on_disk(tiny_run, monkeypatch):
    made = tiny_run()
    data, mean = made.prepared.data, torch.zeros(1, 3, 1, 1)

    def views(step: int) -> torch.Tensor:
        batches = Batches(data, tiny_config(), Processes(), CPU, (mean, mean + 1))
        return batches.draw(step).views

    assert copied_to_gpu(data.pixels, CPU) is None
    read = [views(step) for step in range(3)]
    held = torch.from_numpy(np.array(data.pixels))
    monkeypatch.setattr("engine.training.data.batches.copied_to_gpu", lambda pixels, device: held)
    for step in range(3):
        assert torch.equal(views(step), read[step])


def test_a_killed_run_resumes_bit_for_bit(tiny_run, tiny_shop, encoders, tmp_path):
    """SIGKILL in the middle of a run, wherever it is then, and on again in another process."""
    last = 5
    config = tiny_config(contrastive_steps=2, steps=400, memory=12, save_every=3)
    config = config.with_changes(offline_every=2)
    command = [sys.executable, "-m", "tests.engine.training.killed_run", str(tiny_shop)]
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"}
    state = tmp_path / "state.pt"
    with subprocess.Popen(
        [*command, encoders["conv"], str(tmp_path)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        printed = [running.stdout.readline() for _ in range(last)]
        running.send_signal(signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    assert printed[-1].strip() == str(last), "the run did not start"
    saved = torch.load(state, weights_only=True)["step"]
    assert saved >= last // 3 * 3

    stop_at = saved + 4

    class Stop(Exception):
        pass

    def stop(report):
        if report.step == stop_at:
            raise Stop

    def weights(path: Path | None):
        made = tiny_run()
        with pytest.raises(Stop):
            run(made, config, path, on_step=stop)
        return made.initial.model

    assert_same(weights(None), weights(state))
    assert [path.name for path in tmp_path.glob("state.pt*")] == ["state.pt"]


def test_a_loss_that_is_not_finite_stops_the_run_before_it_harms_the_weights(tiny_run, tmp_path):
    made = tiny_run()
    config = tiny_config(steps=8)

    def poison(report):
        if report.step == 5:
            with torch.no_grad():
                made.initial.model.facets.heads["shape"][-1].weight[0, 0] = float("nan")

    with pytest.raises(Diverged, match=r"nan at step 6.*checkpoint of step 4 is kept.*--heads-lr"):
        run(made, config, tmp_path / "state.pt", on_step=poison)
    kept = torch.load(tmp_path / "state.pt", weights_only=True)
    assert kept["step"] == 4
    assert all(torch.isfinite(v).all() for v in kept["model"].values() if v.is_floating_point())


def test_bf16_trains_and_stays_near_float32(tiny_run):
    config = tiny_config(steps=3, precision="bf16", ema=0.0)
    reports = reports_of(tiny_run("vit"), config)
    exact = reports_of(tiny_run("vit"), tiny_config(steps=3, precision="float32", ema=0.0))
    assert reports[0].loss == pytest.approx(exact[0].loss, rel=0.1)
    assert reports[0].loss != exact[0].loss
    assert all(np.isfinite(report.loss) for report in reports)


@pytest.mark.parametrize("tower", ["vit", "conv"])
def test_gradient_checkpointing_changes_nothing_but_memory(tiny_run, tower):
    plain = run(tiny_run(tower), tiny_config(steps=2))
    saving = run(tiny_run(tower), tiny_config(steps=2, checkpoint_activations=True))
    other = saving.state_dict()
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(value, other[name], atol=1e-5, rtol=1e-4, msg=name)


def test_frozen_stages_and_running_statistics_stay_as_they_were(tiny_run):
    made = tiny_run()
    before = {name: value.clone() for name, value in made.initial.model.state_dict().items()}
    after = run(made, tiny_config(steps=3, frozen_stages=1)).state_dict()
    trunk = "clip.visual.trunk."
    still = [trunk + "conv_stem.weight", trunk + "bn1.running_mean"]
    still += [name for name in before if name.startswith(trunk + "blocks.0.")]
    still += [name for name in before if "running_" in name]
    assert len(still) > 10
    for name in still:
        assert torch.equal(before[name], after[name]), name
    for name in (trunk + "blocks.2.0.conv_exp.weight", "facets.heads.shape.1.weight"):
        assert not torch.equal(before[name], after[name]), name


@pytest.mark.parametrize("saving", [False, True])
def test_a_vits_first_blocks_stay_as_they_were_too(tiny_run, saving):
    made = tiny_run("vit")
    before = {name: value.clone() for name, value in made.initial.model.state_dict().items()}
    config = tiny_config(steps=2, frozen_stages=1, checkpoint_activations=saving, warmup=0)
    after = run(made, config).state_dict()
    visual = "clip.visual."
    still = [visual + "conv1.weight", visual + "positional_embedding"]
    still += [name for name in before if name.startswith(visual + "transformer.resblocks.0.")]
    for name in still:
        assert torch.equal(before[name], after[name]), name
    moved = [name for name in before if name.startswith(visual + "transformer.resblocks.1.")]
    assert any(not torch.equal(before[name], after[name]) for name in moved)


def test_the_saved_weights_are_the_moving_average_of_the_trained_ones(tiny_run):
    made = tiny_run()
    name = "facets.heads.shape.1.weight"
    slow = made.initial.model.state_dict()[name].clone()

    def follow(report):
        nonlocal slow
        weight = 1 - min(0.5, report.step / (9 + report.step))
        slow += weight * (made.initial.model.state_dict()[name] - slow)

    averaged = run(made, tiny_config(steps=4, ema=0.5), on_step=follow)
    torch.testing.assert_close(averaged.state_dict()[name], slow)
    assert differs(averaged, made.initial.model)


def test_the_temperature_keeps_within_clips_bounds(tiny_run):
    made = tiny_run()
    with torch.no_grad():
        made.initial.model.clip.logit_scale.fill_(5.0)
    run(made, tiny_config(contrastive_steps=1, steps=0, tower_lr=0.0, heads_lr=0.0))
    assert float(made.initial.model.clip.logit_scale.detach()) == pytest.approx(np.log(100))


def batches_of(made, config, processes=loop.SINGLE_PROCESS, data=None) -> Batches:
    half = torch.full((1, 3, 1, 1), 0.5)
    return Batches(data or made.prepared.data, config, processes, CPU, (half, half))


def test_a_batch_is_a_function_of_the_seed_and_its_number(tiny_run):
    made, config = tiny_run(), tiny_config(contrastive_steps=2)
    first, again = batches_of(made, config), batches_of(made, config)
    again.draw(0)
    for step in (3, 1):
        one, two = first.draw(step), again.draw(step)
        assert torch.equal(one.views, two.views)
        assert torch.equal(one.texts, two.texts)
        assert torch.equal(one.labels["type"], two.labels["type"])
    assert not torch.equal(first.draw(3).views, first.draw(4).views)


def test_processes_share_one_batch_without_gap_or_overlap(tiny_run):
    made, config = tiny_run(), tiny_config()
    whole = batches_of(made, config).draw(1)
    parts = [batches_of(made, config, Processes(rank, 2)).draw(1) for rank in range(2)]
    together = torch.stack([part.views for part in parts], dim=1).flatten(0, 1)
    torch.testing.assert_close(together, whole.views)
    for part in parts:
        assert torch.equal(part.labels["product"], whole.labels["product"])


def test_validation_photos_are_never_drawn(tiny_run):
    made = tiny_run()
    config = tiny_config(contrastive_steps=20)
    batches = batches_of(made, config)
    kept = set(np.flatnonzero(made.prepared.validation).tolist())
    assert kept
    products = made.prepared.table.columns["product"]
    for step in range(40):
        drawn = batches.draw(step).labels["product"].tolist()
        assert not {int(np.flatnonzero(products == code)[0]) for code in drawn} & kept


def test_data_without_a_negative_is_refused(tiny_run):
    made = tiny_run()
    alike = dataclasses.replace(made.prepared.data, groups=np.zeros_like(made.prepared.data.groups))
    with pytest.raises(NotEnoughData, match="two different labels"):
        batches_of(made, tiny_config(), data=alike)


def test_each_stage_warms_up_and_cools_down():
    config = tiny_config(contrastive_steps=10, steps=20, warmup=4)
    factors = [stage_factor(step, config) for step in range(30)]
    assert factors[0] == factors[10] == 0.25
    assert factors[4] == factors[14] == 1.0
    assert factors[9] < 0.2 and factors[29] < 0.05
    assert factors[4:10] == sorted(factors[4:10], reverse=True)
