"""Two gloo processes on one machine, for tests. Arguments: shop, encoder, folder of the results.

The work is done by forked children of one process, so that torch is loaded once.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest import mock

import torch

from engine.commands.train import train_command
from engine.labels.labels import RULES
from engine.training.data.batches import Batches
from engine.training.data.distributed import Processes, join_processes
from engine.training.data.initial_model import open_initial_model
from engine.training.data.photo_bank import open_bank
from engine.training.data.preparation import prepare
from engine.training.loop.checkpoint import Checkpoint
from engine.training.loop.gradient_cache import backward
from engine.training.loop.loop import train
from engine.training.loop.objective import Objective
from tests.engine.training.tiny import tiny_config
from tests.waiting import free_port

CPU = torch.device("cpu")
CONFIG = tiny_config(contrastive_steps=1, steps=3, memory=12, chunk=3, ema=0.5, tower_lr=0.05)
CONFIG = CONFIG.with_changes(heads_lr=0.05, offline_every=1)
OPTIONS = ["--steps", "2", "--batch-labels", "4", "--batch-photos", "2", "--side", "32"]


def gradients(
    shop: str, encoder: str, folder: Path, processes: Processes, *, summed: bool = True
) -> dict:
    """Gradients of one batch with titles and triplets, in float64; those of the group if summed."""
    start = open_initial_model(encoder, folder, 32, 0)
    config = CONFIG if processes.gathers else CONFIG.with_changes(memory=0)
    prepared = prepare(open_bank([shop], 40, folder), start, config, RULES)
    model = start.model.double()
    half = torch.full((1, 3, 1, 1), 0.5)
    batch = Batches(prepared.data, config, processes, CPU, (half, half)).draw(2)
    objective = Objective(model, prepared.terms, config, processes)

    def embed(part: slice) -> dict:
        blocks, embedding = model(batch.views[part].double())
        text = model.clip.encode_text(batch.texts[part])
        return {**blocks, "embedding": embedding, "text": text}

    loss, _ = backward(
        embed, lambda rows: objective(rows, batch.labels, 2), len(batch.views), config.chunk
    )
    shared = {id(model.clip.logit_scale)}
    if summed:
        processes.sum_gradients(model.parameters(), shared)
    found = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    return {"loss": loss.value.detach(), "gradients": found}


def weights(shop: str, encoder: str, folder: Path, processes: Processes) -> dict:
    """The weights that a run of some steps ends with.

    By plain gradient descent: Adam moves a weight whose gradient is but rounding as far as any.
    """
    start = open_initial_model(encoder, folder, 32, 0)
    prepared = prepare(open_bank([shop], 40, folder), start, CONFIG, RULES)
    state = Checkpoint(None, CONFIG)
    with mock.patch.object(torch.optim, "AdamW", lambda groups, betas: torch.optim.SGD(groups)):
        model = train(start.model, prepared.data, prepared.terms, CONFIG, CPU, state, processes)
    return model.state_dict()


def forked(folder: Path, work: Callable[[], None]) -> None:
    """Do work in two processes as `torchrun` would start them; their words go to files."""
    port, children = free_port(), []
    for rank in range(2):
        child = os.fork()
        if child:
            children.append(child)
            continue
        names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2}
        names |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "TORCHELASTIC_RUN_ID": "test"}
        os.environ.update({name: str(value) for name, value in names.items()})
        file = os.open(folder / f"words-{rank}.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        code = 70
        try:
            work()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        except BaseException as error:
            print(repr(error), flush=True)
        finally:
            sys.stdout.flush()
            os._exit(code)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    (folder / "codes.txt").write_text(" ".join(map(str, codes)))


def main() -> None:
    shop, encoder, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    torch.set_num_threads(1)

    def compare() -> None:
        processes = join_processes(CPU)
        found = gradients(shop, encoder, folder / "bank", processes)
        own = gradients(shop, encoder, folder / "bank", replace(processes, gathers=False))
        trained = weights(shop, encoder, folder / "bank", processes)
        torch.save({**found, "own": own, "weights": trained}, folder / f"rank-{processes.rank}.pt")

    def command(*more: str) -> Callable[[], None]:
        given = ["--encoder", encoder, "--device", "cpu", *OPTIONS, "--threads", "1", *more]
        return lambda: train_command(given, standalone_mode=True)

    def sub(name: str) -> Path:
        (folder / name).mkdir()
        return folder / name

    open_bank([shop], 40, folder / "bank")
    forked(sub("compare"), compare)
    forked(sub("command"), command("--data", shop, "--out", str(folder / "command" / "out")))
    forked(sub("missing"), command("--data", str(folder / "nowhere")))
    forked(sub("odd"), command("--data", shop, "--batch-labels", "3", "--batch-photos", "3"))


if __name__ == "__main__":
    main()
