import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine.encoders.towers import CONFIG_FILE
from engine.errors import TrainingError
from engine.training.data.distributed import Processes, join_processes, sharing
from engine.training.data.initial_model import open_initial_model
from tests.engine.training import two_processes
from tests.engine.training.tiny import tiny_config
from tests.waiting import LONG


@pytest.fixture(scope="module")
def done(tiny_shop, encoders, tmp_path_factory) -> Path:
    """The folder in which two processes left what they found."""
    folder = tmp_path_factory.mktemp("two")
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"}
    environment |= {"LOOKALIKE_HOME": str(folder / "home")}
    ran = subprocess.run(
        [sys.executable, two_processes.__file__, str(tiny_shop), encoders["conv"], str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert ran.returncode == 0, ran.stderr
    return folder


def words(folder: Path) -> list[str]:
    return [(folder / f"words-{rank}.txt").read_text() for rank in range(2)]


def results(done: Path) -> list[dict]:
    assert (done / "compare" / "codes.txt").read_text() == "0 0", words(done / "compare")
    return [torch.load(done / f"rank-{rank}.pt", weights_only=True) for rank in range(2)]


def test_two_processes_have_the_gradients_of_one(done, tiny_shop, encoders):
    one = two_processes.gradients(str(tiny_shop), encoders["conv"], done / "bank", Processes())
    scale = max(float(value.abs().max()) for value in one["gradients"].values())
    assert float(one["loss"]) > 0
    for found in results(done):
        torch.testing.assert_close(found["loss"], one["loss"], atol=1e-6, rtol=1e-6)
        assert set(found["gradients"]) >= set(one["gradients"])
        for name, value in one["gradients"].items():
            torch.testing.assert_close(
                found["gradients"][name], value, atol=1e-6 * scale, rtol=1e-5, msg=name
            )


def test_without_gathering_gradients_are_the_mean_of_those_of_the_shares(done, tiny_shop, encoders):
    given = (str(tiny_shop), encoders["conv"], done / "bank")
    shares = [
        two_processes.gradients(*given, Processes(rank, 2, gathers=False), summed=False)
        for rank in range(2)
    ]
    names = shares[0]["gradients"].keys() | shares[1]["gradients"].keys()
    zero = torch.zeros(())
    mean = {n: sum(one["gradients"].get(n, zero) for one in shares) / 2 for n in names}
    scale = max(float(value.abs().max()) for value in mean.values())
    for rank, found in enumerate(results(done)):
        own, share = found["own"], shares[rank]
        torch.testing.assert_close(own["loss"], share["loss"], atol=1e-6, rtol=1e-6)
        assert own["gradients"].keys() == names
        for name, value in mean.items():
            torch.testing.assert_close(
                own["gradients"][name], value, atol=1e-6 * scale, rtol=1e-5, msg=name
            )
    assert not torch.equal(shares[0]["loss"], shares[1]["loss"])


def test_two_processes_end_with_the_weights_of_one(done, tiny_shop, encoders):
    one = two_processes.weights(str(tiny_shop), encoders["conv"], done / "bank", Processes())
    first, second = (found["weights"] for found in results(done))
    start = open_initial_model(encoders["conv"], done, 32, 0).model.state_dict()
    moved = apart = 0.0
    for name, value in one.items():
        assert torch.equal(first[name], second[name]), name
        moved += float((value - start[name]).square().sum())
        apart += float((value - first[name]).square().sum())
    assert moved > 0.01
    assert apart < 1e-8 * moved


def test_of_two_processes_only_the_first_reports_and_one_model_is_made(done):
    output, other_output = words(done / "command")
    assert (done / "command" / "codes.txt").read_text() == "0 0", output + other_output
    assert "Report:" in output and "Learning from:" in output
    assert other_output == ""
    assert (done / "command" / "out" / CONFIG_FILE).exists()


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("missing", "nowhere"),
        ("odd", "cannot be shared evenly by 2 processes"),
    ],
)
def test_an_error_is_reported_once(done, case, why):
    output, other_output = words(done / case)
    assert (done / case / "codes.txt").read_text() == "1 1"
    assert why in output and output.splitlines()[-1].startswith("Error:")
    assert "Traceback" not in output
    assert other_output == ""


def test_one_process_alone_needs_no_group():
    alone = join_processes(torch.device("cpu"))
    assert alone == Processes() and alone.is_first
    rows = torch.rand(3, 2)
    assert alone.gather(rows) is rows
    assert torch.equal(alone.shard(torch.arange(5)), torch.arange(5))
    with alone.first_process_first():
        pass


def test_the_settings_say_whether_processes_gather():
    config, two = tiny_config(negatives="own", labels_per_batch=4), Processes(1, 2)
    assert sharing(two, config) == Processes(1, 2, gathers=False)
    assert sharing(two, config.with_changes(negatives="all")) == two
    assert sharing(Processes(), config) == Processes()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"labels_per_batch": 3, "photos_per_label": 3}, "cannot be shared evenly by 2 processes"),
        ({"labels_per_batch": 3, "photos_per_label": 2}, "needs 2 labels or more of its own"),
        ({"labels_per_batch": 2}, "needs 2 labels or more of its own"),
        ({"memory": 8}, "leave --memory out"),
    ],
)
def test_a_batch_that_cannot_be_shared_as_the_settings_say_is_refused(changes, why):
    config = tiny_config(negatives="own", labels_per_batch=4).with_changes(**changes)
    with pytest.raises(TrainingError, match=why):
        sharing(Processes(0, 2), config)


def test_shares_are_dealt_in_turn():
    batch = torch.arange(6)
    assert Processes(1, 3).shard(batch).tolist() == [1, 4]
    assert not Processes(1, 3).is_first
    assert Processes(1, 3).compared(batch) is batch
    own = Processes(1, 3, gathers=False)
    assert own.shard(batch).tolist() == own.compared(batch).tolist() == [2, 3]
    assert own.gather(batch) is batch
