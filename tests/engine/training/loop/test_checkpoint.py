import copy

import pytest
import torch

from engine.errors import CheckpointError
from engine.training.data.config import TrainConfig, Views
from engine.training.loop.checkpoint import Checkpoint, TrainingState
from engine.training.reports.step_log import StepLog
from tests.engine.training.tiny import CONV, VIT, tiny_config, tiny_model

CPU = torch.device("cpu")


class NoRounds:
    """Offline mining that never found anything."""

    def state_dict(self) -> dict:
        return {}

    def load_state_dict(self, state: dict) -> None:
        assert state == {}


def parts(vision=VIT, seed: int = 0) -> TrainingState:
    model = tiny_model(vision, seed)
    torch.manual_seed(seed)
    proxies = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW([*model.parameters(), *proxies.parameters()], lr=0.1)
    return TrainingState(model, copy.deepcopy(model), proxies, optimizer, None, NoRounds())


def saved(path, config=None, data: str = "data"):
    """A state after one step of an optimiser."""
    held = parts()
    weight = held.model.facets.heads["shape"][1].weight
    weight.grad = torch.ones_like(weight)
    held.optimizer.step()
    Checkpoint(path, config or tiny_config(), data).save(4, held)
    return held


def test_everything_is_restored(tmp_path):
    held = saved(tmp_path / "state.pt")
    fresh = parts(seed=1)
    state = Checkpoint(tmp_path / "state.pt", tiny_config(), "data")
    assert state.restore(fresh, CPU) == state.saved_step == 4
    for part in ("model", "averaged", "proxies"):
        for name, value in getattr(held, part).state_dict().items():
            assert torch.equal(value, getattr(fresh, part).state_dict()[name])
    assert str(held.optimizer.state_dict()["state"]) == str(fresh.optimizer.state_dict()["state"])


def test_without_a_checkpoint_a_run_starts_at_the_beginning(tmp_path):
    for path in (None, tmp_path / "none.pt"):
        assert Checkpoint(path, tiny_config()).restore(parts(), CPU) == 0
    state = Checkpoint(None, tiny_config())
    state.save(3, parts())
    assert state.saved_step == 3


@pytest.mark.parametrize(
    ("config", "data", "words"),
    [
        (tiny_config(seed=5, margin=0.3), "data", r"other settings \(margin, seed\)"),
        (tiny_config(encoder="other"), "data", r"other settings \(encoder\)"),
        (tiny_config(views=Views(turn=3)), "data", r"other settings \(views\)"),
        (tiny_config(), "other", "other photos or labels"),
    ],
)
def test_the_checkpoint_of_another_run_is_refused(tmp_path, config, data, words):
    saved(tmp_path / "state.pt")
    with pytest.raises(CheckpointError, match=words + r".*Delete .*state.pt.*--out"):
        Checkpoint(tmp_path / "state.pt", config, data).restore(parts(), CPU)


def test_the_checkpoint_of_another_architecture_is_refused(tmp_path):
    saved(tmp_path / "state.pt")
    state = Checkpoint(tmp_path / "state.pt", tiny_config(), "data")
    with pytest.raises(CheckpointError, match=r"another architecture.*Delete") as error:
        state.restore(parts(CONV), CPU)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("harm", ["truncated", "garbage", "foreign", "format"])
def test_a_damaged_file_is_refused(tmp_path, harm):
    path = tmp_path / "state.pt"
    saved(path)
    if harm == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif harm == "garbage":
        path.write_bytes(b"no state at all")
    elif harm == "foreign":
        torch.save({"weights": torch.ones(2)}, path)
    else:
        torch.save(torch.load(path, weights_only=True) | {"format": 99}, path)
    words = "format 99, this version reads" if harm == "format" else "is not a checkpoint of a run"
    with pytest.raises(CheckpointError, match=words):
        Checkpoint(path, tiny_config(), "data").restore(parts(), CPU)


def test_a_save_that_fails_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    saved(path)
    before = path.read_bytes()

    def full(state, file):
        file.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="disk full"):
        Checkpoint(path, tiny_config()).save(6, parts())
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["state.pt"]


def test_states_are_due_at_intervals_and_at_the_end():
    config = tiny_config(contrastive_steps=3, steps=4, save_every=3)
    state = Checkpoint(None, config)
    assert [step for step in range(1, 8) if state.is_due(step, config)] == [3, 6, 7]


def test_a_config_survives_json_and_names_its_differences():
    config = tiny_config(views=Views(zoom=(0.5, 1.0)), terms={"type": 2.0})
    assert TrainConfig.from_json(config.as_json()) == config
    assert config.differences(config.with_changes(seed=None)) == []
    assert config.differences(config.with_changes(seed=3, ema=0.0)) == ["ema", "seed"]
    assert config.batch == 8 and config.total_steps == 6


class Report:
    """What the log reads of a step."""

    def __init__(self, step: int) -> None:
        self.step, self.loss, self.text_loss, self.spread = step, 0.5 / step, 0.0, 0.9
        self.learning_rate, self.photos_per_second = 1e-4, 33.0
        self.losses, self.active = {"type": 0.25}, {"type": 0.5}
        self.spreads = {"shape": 0.3}


def test_a_log_continues_from_the_checkpoint(tmp_path):
    path = tmp_path / "steps.csv"
    log = StepLog(path, ["type", "colour"], ["shape"])
    for step in range(1, 6):
        log.write(Report(step))
    resumed = StepLog(path, ["type", "colour"], ["shape"])
    for step in range(4, 7):  # the state was of step 3
        resumed.write(Report(step))
    rows = [line.split(",") for line in path.read_text().splitlines()]
    assert rows[0][:2] == ["step", "loss"] and rows[0][-2:] == ["active.colour", "spread.shape"]
    assert [row[0] for row in rows[1:]] == ["1", "2", "3", "4", "5", "6"]
    assert rows[1][-5:] == ["0.2500", "", "0.5000", "", "0.3000"]
    assert {len(row) for row in rows} == {11}


def test_another_runs_log_is_not_continued_and_silent_processes_write_nothing(tmp_path):
    path = tmp_path / "steps.csv"
    StepLog(path, ["type"], ["shape"], writes=False).write(Report(1))
    assert not path.exists()
    StepLog(path, ["type"], ["shape"]).write(Report(1))
    StepLog(path, ["colour"], ["shape"]).write(Report(2))
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["step", "2"]
