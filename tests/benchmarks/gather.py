"""What gathering the rows of all training processes costs, with two processes by gloo on a CPU.

Run ``python -m tests.benchmarks.gather [--batches 256,1024]``. Mining, losses and their gradient
are timed on rows of such a batch, without the tower: in one process; in two that gather all rows
and mine the whole batch each (``--negatives all``); and in two that mine their own halves
(``own``). The named alternative is one process. "compared" is how many rows an anchor may form
triplets with.
"""

import argparse
import multiprocessing
import os
import statistics
import time
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import nn

from engine.encoders.appearance import AppearanceModel
from engine.encoders.facet_heads import AppearanceConfig
from engine.encoders.towers import build_clip, imagenet_vision
from engine.models import IMAGENETS
from engine.training.data.distributed import Processes
from engine.training.data.initial_model import EMBED_DIM, SMALL_TEXT
from engine.training.loop.objective import Objective
from tests.benchmarks.step import PHOTOS, catalogue, config_of
from tests.waiting import free_port

TIMES = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", default="256,1024")
    args = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    print(f"{'batch':>6} {'processes':>10} {'compared':>10} {'ms':>8} {'ratio':>6} {'gather':>11}")
    for batch in map(int, args.batches.split(",")):
        first = 0.0
        for count, gathers in ((1, True), (2, True), (2, False)):
            took, gathering = run(batch, count, gathers)
            first = first or took
            compared = batch if gathers else batch // count
            print(
                f"{batch:>6} {count:>10} {compared:>10} {1e3 * took:>8.1f} {took / first:>6.2f} "
                f"{1e3 * gathering:>8.1f} ms",
                flush=True,
            )


def run(batch: int, count: int, gathers: bool) -> tuple[float, float]:
    """Median seconds of a loss with its gradient, and of gathering alone."""
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe(duplex=False)
    port = free_port()
    ranks = [
        context.Process(target=work, args=(batch, rank, count, gathers, port, its))
        for rank in range(count)
    ]
    for one in ranks:
        one.start()
    its.close()
    found: tuple[float, float] = ours.recv()
    for one in ranks:
        one.join()
    return found


def work(batch: int, rank: int, count: int, gathers: bool, port: int, answer: object) -> None:
    torch.set_num_threads(1)
    address = f"tcp://127.0.0.1:{port}"
    dist.init_process_group("gloo", address, timedelta(minutes=5), world_size=count, rank=rank)
    processes = Processes(rank, count, gathers)
    config = config_of(batch, 64, batch)
    data, terms = catalogue(16)
    clip = build_clip(imagenet_vision(IMAGENETS[-1], "linear", 64), SMALL_TEXT, EMBED_DIM)
    model = AppearanceModel(clip, AppearanceConfig())
    objective = Objective(model, terms, config, processes)
    rows = torch.arange(batch) % PHOTOS
    labels = {name: processes.compared(codes[rows]) for name, codes in data.labels.items()}
    own = len(processes.shard(rows))
    generator = torch.Generator().manual_seed(rank)
    blocks = {
        name: nn.functional.normalize(torch.randn(own, dim, generator=generator)).requires_grad_()
        for name, dim in {**model.config.dims, "embedding": EMBED_DIM}.items()
    }
    losses, gathers_alone = [], []
    for _ in range(TIMES):
        dist.barrier()
        began = time.perf_counter()
        processes.gather_all(blocks)
        gathers_alone.append(time.perf_counter() - began)
        dist.barrier()
        began = time.perf_counter()
        objective(blocks, labels, step=0).value.backward()
        losses.append(time.perf_counter() - began)
    if rank == 0:
        answer.send((statistics.median(losses), statistics.median(gathers_alone)))
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
