import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.commands.train import (
    COMMANDS,
    CONFIG_OPTIONS,
    config_of,
    default_folder_name,
    train_command,
)
from engine.encoders.checkpoint import load_appearance
from engine.encoders.towers import CONFIG_FILE
from engine.errors import EncoderUnavailable
from engine.training.data.config import TrainConfig
from engine.training.reports.console import ConsoleReporter
from tests.engine.commands.training import SMALL, run
from tests.engine.training.tiny import draw, draw_shop

pytestmark = pytest.mark.usefixtures("own_home")


def failed(*args) -> str:
    """The one line that a command fails with."""
    result = run(*args)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error:")]
    assert len(errors) == 1 and result.stderr.splitlines()[-1] == errors[0]
    assert "Report:" not in result.output
    return errors[0]


def test_a_model_is_trained_and_the_next_step_is_printed(tiny_shop, encoders, home, tmp_path):
    result = run("--data", tiny_shop, "--encoder", encoders["conv"], *SMALL, "--half-weights")
    assert result.exit_code == 0, result.output
    out = home / "models" / "trained-shop"
    lines = result.stdout.splitlines()
    assert lines[0].startswith("P@10 on ") and "held out" in lines[0]
    assert any(line.strip().startswith("same type ") for line in lines)
    assert any("same product: before" in line for line in lines)
    assert lines[-3] == f"Report: {out / 'report.html'}"
    assert lines[-1] == f"Use it: LOOKALIKE_ENCODER=local-dir:{out} lookalike reindex"
    assert (out / "report.html").stat().st_size > 10_000
    assert "Learning from: type, colour, type and colour, product" in result.stderr
    assert "Step 2 of 2. Triplets: loss" in result.stderr
    assert load_appearance(f"local-dir:{out}", tmp_path).config.dims["shape"] == 96


def test_epochs_out_and_labels_of_ones_own(encoders, tmp_path):
    shop = draw_shop(tmp_path / "shop", products=12)
    text = (shop / "catalogue.csv").read_text().replace("colour", "farbe")
    (shop / "catalogue.csv").write_text(text)
    rules = tmp_path / "rules.toml"
    rules.write_text('[[label]]\ncolumn = "tint"\nfields = ["attributes.farbe"]\nfacets=["colour"]')
    out = tmp_path / "my model"
    options = ["--epochs", "1", "--contrastive-epochs", "0.2", "--out", out, "--labels", rules]
    result = run("--data", shop, "--encoder", encoders["conv"], *SMALL, *options)
    assert result.exit_code == 0, result.output
    assert (out / CONFIG_FILE).exists()
    assert f"LOOKALIKE_ENCODER='local-dir:{out}'" in result.stdout
    assert "Titles: loss" in result.stderr
    assert "tint" in (out / "report.html").read_text() or "colour" in result.stderr


def test_default_weights_may_be_given(tiny_shop, encoders, tmp_path):
    out = tmp_path / "out"
    options = ["--facet", "colour=0.5", "--facet", "shape=0.4", "--facet", "pattern=0.1"]
    assert run("--data", tiny_shop, "--encoder", encoders["conv"], "--out", out, *SMALL, *options)
    weights = json.loads((out / "facets.json").read_text())["weights"]
    assert weights == pytest.approx({"colour": 0.5, "shape": 0.4, "pattern": 0.1})
    wrong = run("--data", tiny_shop, "--facet", "colour", "--out", tmp_path / "other", *SMALL)
    assert wrong.exit_code == 2 and "'colour' is not NAME=WEIGHT" in wrong.stderr
    assert not (tmp_path / "other").exists()


def test_another_source_may_be_evaluated(encoders, tmp_path):
    (tmp_path / "photos").mkdir()
    for n in range(8):
        draw(n % 3, "red", n % 4).save(tmp_path / "photos" / f"{n}.png")
    other = draw_shop(tmp_path / "other", products=6)
    result = run(
        "--data", tmp_path / "photos", "--evaluate-on", other, "--encoder", encoders["conv"], *SMALL
    )
    assert result.exit_code == 0, result.output
    assert "P@10 on 6 products of --evaluate-on" in result.stdout
    assert "Nearest photo is of the same product: before" in result.stdout


def test_a_run_of_no_steps_ends_with_its_report(tiny_shop, encoders, tmp_path):
    out = tmp_path / "out"
    options = [*SMALL, "--steps", "0", "--out", out]
    result = run("--data", tiny_shop, "--encoder", encoders["conv"], *options)
    assert result.exit_code == 0, result.output
    assert f"Report: {out / 'report.html'}" in result.stdout


def test_a_warm_up_longer_than_the_run_is_said(tiny_shop, encoders):
    options = [*SMALL, "--contrastive-steps", "4", "--warmup", "3"]
    result = run("--data", tiny_shop, "--encoder", encoders["conv"], *options)
    lines = [line for line in result.stderr.splitlines() if "--warmup" in line]
    assert lines == [
        "The triplet stage has fewer steps (2) than --warmup (3): its learning rate rises over 1."
    ]


def test_ctrl_c_saves_and_says_how_to_go_on(tiny_shop, encoders, tmp_path, monkeypatch):
    options = [
        "--data",
        tiny_shop,
        "--encoder",
        encoders["conv"],
        *SMALL,
        "--out",
        tmp_path / "out",
    ]
    with monkeypatch.context() as patch:
        patch.setattr(ConsoleReporter, "on_step", lambda *_: os.kill(os.getpid(), signal.SIGINT))
        stopped = run(*options)
    assert stopped.exit_code == 130
    assert stopped.stderr.splitlines()[-2:] == [
        "Stopping after this step; once more stops at once, without saving.",
        f"Stopped after step 1 of 2. Step 1 is saved in {tmp_path / 'out' / 'state.pt'}: run the "
        "same command again to go on.",
    ]
    assert not (tmp_path / "out" / CONFIG_FILE).exists()
    again = run(*options)
    assert again.exit_code == 0 and "Step 1 of 2" not in again.stderr
    assert "Step 2 of 2" in again.stderr


def test_ctrl_c_elsewhere_is_one_line_too(tiny_shop, encoders, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.training.run.prepare", interrupted)
    stopped = run("--data", tiny_shop, "--encoder", encoders["conv"], *SMALL)
    assert stopped.exit_code == 130
    assert stopped.stderr.splitlines()[-1].startswith("Stopped. Run the same command again")


def test_the_earlier_name_of_the_ramp_still_works(tiny_shop):
    option = next(one for one in train_command.params if one.name == "hard_from")
    assert option.opts == ["--hard-ramp-from", "--hard-from"]


def test_a_missing_folder_is_named(encoders, tmp_path):
    line = failed("--data", tmp_path / "nowhere", "--encoder", encoders["conv"], *SMALL)
    assert "nowhere" in line
    assert not (tmp_path / "home" / "models" / "trained-nowhere").exists()


def test_too_little_data_is_reported_with_the_next_step(encoders, tmp_path, home):
    shop = draw_shop(tmp_path / "shop", products=1)
    line = failed("--data", shop, "--encoder", encoders["conv"], *SMALL)
    assert "a triplet needs two products" in line and "--data" in line
    assert not list(home.rglob(CONFIG_FILE))


def test_a_missing_gpu_is_reported(tiny_shop, encoders, home, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    line = failed("--data", tiny_shop, "--encoder", encoders["conv"], *SMALL, "--device", "cuda")
    assert "--device cpu" in line
    assert not list(home.rglob(CONFIG_FILE))


def test_a_loss_that_is_not_finite_leaves_no_model(tiny_shop, encoders, home):
    wild = ["--heads-lr", "1e30", "--warmup", "0", "--clip-norm", "1e30", "--steps", "4"]
    line = failed("--data", tiny_shop, "--encoder", encoders["conv"], *SMALL, *wild)
    assert "--heads-lr" in line and "is kept" in line
    assert not list(home.rglob(CONFIG_FILE))


def test_the_checkpoint_of_another_run_is_refused(tiny_shop, encoders, tmp_path):
    out = ["--out", tmp_path / "out"]
    assert run("--data", tiny_shop, "--encoder", encoders["conv"], *SMALL, *out).exit_code == 0
    line = failed("--data", tiny_shop, "--encoder", encoders["vit"], *SMALL, *out)
    assert "other settings (encoder)" in line and "Delete" in line
    line = failed(
        "--data", tiny_shop, "--encoder", encoders["conv"], *SMALL, *out, "--margin", "0.5"
    )
    assert "other settings (margin)" in line


def test_a_model_of_another_architecture_is_refused(tiny_shop, encoders, tmp_path):
    import shutil

    folder = shutil.copytree(encoders["conv"].removeprefix("local-dir:"), tmp_path / "mixed")
    config = json.loads((folder / CONFIG_FILE).read_text())
    config["model_cfg"]["embed_dim"] = 64
    (folder / CONFIG_FILE).write_text(json.dumps(config))
    line = failed("--data", tiny_shop, "--encoder", f"local-dir:{folder}", *SMALL)
    assert "mixed cannot be loaded" in line and "one architecture" in line


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--encoder", "nonsense"], "There is no encoder 'nonsense'"),
        (["--labels", "no-rules.toml"], "Cannot read the label rules no-rules.toml"),
    ],
)
def test_other_mistakes_are_one_line_too(tiny_shop, given, words):
    assert words in failed("--data", tiny_shop, *SMALL, *given)


@pytest.mark.parametrize(
    "given", [["--batch-labels", "1"], ["--hard-from", "2"], ["--precision", "int4"], []]
)
def test_options_out_of_range_are_refused(tiny_shop, given):
    data = ["--data", tiny_shop] if given else []
    assert run(*data, *given).exit_code == 2


def test_memory_that_runs_out_is_reported(tiny_shop, encoders, monkeypatch):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nmore")

    monkeypatch.setattr("engine.training.run.fit", full)
    line = failed("--data", tiny_shop, "--encoder", encoders["conv"], *SMALL)
    assert "Tried to allocate 2 GiB. Lower --chunk" in line and "--checkpointing" in line


def test_every_option_reaches_the_config():
    values = {
        "encoder": "x",
        "precision": "bf16",
        "split": "v1",
        **{
            name: default + 1 if isinstance(default, int) else default / 2
            for name, default in ((n, getattr(TrainConfig(), n)) for _, n, _ in CONFIG_OPTIONS)
            if isinstance(default, int | float)
        },
    }
    config = config_of(values)
    for name, value in values.items():
        assert getattr(config, name) == value, name


def test_the_side_is_the_encoders_own_unless_given():
    nothing = {name: None for _, name, _ in CONFIG_OPTIONS}
    assert config_of(nothing | {"encoder": "local-dir:x"}).side == 0
    assert config_of(nothing | {"encoder": "imagenet-lite0"}).side == TrainConfig().side
    assert config_of(nothing | {"encoder": "local-dir:x", "side": 96}).side == 96


def test_the_folder_is_named_after_the_source(tmp_path):
    assert default_folder_name(tmp_path / "My Shop.csv") == "trained-my-shop"
    assert default_folder_name(tmp_path / "Été 2024") == "trained-t-2024"


def test_help_explains_every_option_and_loads_no_torch():
    programme = (
        "import sys, click\n"
        "from engine.commands.train import train_command\n"
        "print(train_command.get_help(click.Context(train_command)))\n"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", programme],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout
    for option, _, _ in CONFIG_OPTIONS:
        assert option in shown
    for option in train_command.params:
        assert getattr(option, "help", None), option.name
    assert [command.name for command in COMMANDS] == ["train"]


def test_an_unreachable_hub_is_reported(tiny_shop, monkeypatch):
    def gone(*_, **__):
        raise ConnectionError("no route to host")

    monkeypatch.setattr("open_clip.create_model", gone)
    line = failed("--data", tiny_shop, "--encoder", "hf-hub:shop/model", *SMALL)
    assert "no route to host" in line and "LOOKALIKE_ENCODER=default" in line
    assert EncoderUnavailable.__name__ not in line


def test_a_run_resumes_when_it_is_started_again(tiny_shop, encoders, tmp_path):
    """The second time nothing is left to do, and the model is the same."""
    options = [
        "--data",
        tiny_shop,
        "--encoder",
        encoders["conv"],
        *SMALL,
        "--out",
        tmp_path / "out",
    ]
    rows = []
    for _ in range(2):
        assert run(*options).exit_code == 0
        model = load_appearance(f"local-dir:{tmp_path / 'out'}", tmp_path)
        rows.append(model.rows(torch.ones(1, 3, 32, 32)).detach().numpy())
    np.testing.assert_array_equal(*rows)
