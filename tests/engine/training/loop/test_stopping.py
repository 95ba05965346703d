import os
import signal
import threading

import pytest
import torch

from engine.errors import Interrupted
from engine.training.loop.checkpoint import Checkpoint
from engine.training.loop.loop import train
from engine.training.loop.stopping import SIGNALS, StopSignals
from tests.engine.training.tiny import tiny_config

CPU = torch.device("cpu")


def run(made, config, path=None, on_step=lambda report: None, **options):
    prepared, state = made.prepared, Checkpoint(path, config)
    parts = made.initial.model, prepared.data, prepared.terms, config, CPU, state
    return train(*parts, on_step=on_step, **options)


def sending(number: int, step: int):
    def send(report):
        if report.step == step:
            os.kill(os.getpid(), number)

    return send


@pytest.mark.parametrize("number", SIGNALS)
def test_the_step_in_progress_is_saved_and_the_run_goes_on_from_it(tiny_run, tmp_path, number):
    config, path, said = tiny_config(steps=5, save_every=100), tmp_path / "state.pt", []
    before = [signal.getsignal(one) for one in SIGNALS]
    message = r"Stopped after step 3 of 5\. Step 3 is saved in .*state\.pt: run the same command"
    with pytest.raises(Interrupted, match=message) as stopped:
        run(tiny_run(), config, path, sending(number, 3), on_stopping=lambda: said.append(1))
    assert stopped.value.signal == number and said == [1]
    assert [signal.getsignal(one) for one in SIGNALS] == before
    assert torch.load(path, weights_only=True)["step"] == 3
    steps = []
    resumed = run(tiny_run(), config, path, lambda report: steps.append(report.step))
    assert steps == [4, 5]
    whole = run(tiny_run(), config).state_dict()
    for name, value in resumed.state_dict().items():
        assert torch.equal(value, whole[name]), name


def test_a_stop_after_the_last_step_leaves_the_rest_to_the_next_run(tiny_run, tmp_path):
    config, path = tiny_config(steps=2, save_every=100), tmp_path / "state.pt"
    with pytest.raises(Interrupted, match=r"step 2 of 2\. Step 2 is saved"):
        run(tiny_run(), config, path, sending(signal.SIGINT, 2))
    steps = []
    run(tiny_run(), config, path, steps.append)
    assert steps == []


def test_without_a_file_nothing_is_claimed_to_be_saved(tiny_run):
    with pytest.raises(Interrupted, match=r"Nothing is saved"):
        run(tiny_run(), tiny_config(steps=2), None, sending(signal.SIGINT, 1))


@pytest.fixture
def usual_ctrl_c():
    """Python's own handler, which a process in the background does not have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("usual_ctrl_c")
def test_the_second_ctrl_c_acts_at_once():
    with pytest.raises(KeyboardInterrupt), StopSignals() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.requested == signal.SIGINT
        signal.raise_signal(signal.SIGINT)
        pytest.fail("the second one did nothing")


def test_a_thread_trains_without_signals(tiny_run):
    done = []

    def work():
        done.append(run(tiny_run(), tiny_config(steps=1)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
