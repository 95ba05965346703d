"""A whole training step: photos a second, and what mining and losses take of it.

``python -m tests.benchmarks.step [--device auto] [--batches 1024,4096] [--side 224] [--chunk 256]``
(these on a GPU; less where there is none) trains the tower that ships, from random weights on
random photos (a network takes the same time for all of them), with the triplet terms of a fashion
catalogue. The named alternative is the same tower and the same gradient caching under the plainest
loss there is, so the ratio is what everything of ours costs: drawing and augmenting, mining, losses
and the averaged weights. The share is that of mining, losses and their gradient alone, on the rows
of such a batch. Memory is the peak of the GPU's, or of the whole process where there is none.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch

from engine.encoders.appearance import AppearanceModel
from engine.encoders.facet_heads import AppearanceConfig
from engine.encoders.open_clip_encoder import pick_device
from engine.encoders.towers import build_clip, imagenet_vision
from engine.labels.labels import RULES, joint_codes
from engine.models import IMAGENETS
from engine.training.data.batches import TrainingData
from engine.training.data.config import DEFAULT_TERMS, TrainConfig
from engine.training.data.distributed import Processes
from engine.training.data.initial_model import EMBED_DIM, SMALL_TEXT
from engine.training.loop.checkpoint import Checkpoint
from engine.training.loop.gradient_cache import backward
from engine.training.loop.loop import autocast, train
from engine.training.loop.objective import BatchLoss, Objective
from engine.training.losses.conditional import Term
from tests.benchmarks._table import SMALL, TINY, Case, Row

PHOTOS, TYPES, COLOURS, PATTERNS = 8192, 60, 24, 6
WARM, TIMED = 2, 3  # steps
RATE = 1e-9  # of learning: noise teaches nothing, and would make all rows one


class Step(NamedTuple):
    """Photos a second, ours and with a plain loss; the share of mining and losses; peak bytes."""

    rate: float
    plain: float
    share: float
    peak: int


GPU = {"batches": "1024,4096", "side": 224, "chunk": 256}
CPU = {"batches": "64,128", "side": 112, "chunk": 32}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batches")
    parser.add_argument("--side", type=int)
    parser.add_argument("--chunk", type=int)
    args = parser.parse_args()
    device = pick_device(args.device)
    for name, usual in (GPU if device.type == "cuda" else CPU).items():
        if getattr(args, name) is None:
            setattr(args, name, usual)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"{name}, {args.side} pixels, {args.chunk} photos with a graph at a time")
    print(
        f"{'batch':>6} {'photos/s':>9} {'plain loss':>11} {'ratio':>6} {'mining + loss':>14} peak"
    )
    for batch in map(int, args.batches.split(",")):
        one = measured(config_of(batch, args.side, args.chunk), device)
        print(
            f"{batch:>6} {one.rate:>9.0f} {one.plain:>11.0f} {one.plain / one.rate:>5.2f}x "
            f"{one.share:>14.1%} {one.peak / 1e9:.1f} GB",
            flush=True,
        )


def compared(case: Case) -> Iterator[Row]:
    """Our step beside one of a plain loss, for `make bench`; large batches on a GPU only."""
    torch.set_num_threads(case.threads)
    device = pick_device("auto")
    sizes = GPU if device.type == "cuda" else CPU
    side, chunk = (int(sizes[name]) for name in ("side", "chunk"))
    batches = [16] if case.size == TINY else [int(one) for one in str(sizes["batches"]).split(",")]
    if case.size == SMALL and device.type == "cpu":
        batches = batches[:1]  # a step takes long enough
    if case.size == TINY:
        side = 32
    for batch in batches:
        one = measured(config_of(batch, side, chunk), device)
        what = f"training step of {batch:,}, {device.type}, {side} pixels"
        yield Row(f"{what}, photos/s", one.rate, "plain sum as loss", one.plain)
        share = f"{what}, mining and loss in %"
        yield Row(share, 100 * one.share, "whole step", 100.0, more_is_better=False)


def config_of(batch: int, side: int, chunk: int) -> TrainConfig:
    """The settings of a few steps."""
    return TrainConfig(
        side=side,
        steps=WARM + TIMED,
        labels_per_batch=batch // 8,
        photos_per_label=8,
        categories_per_batch=16,
        chunk=chunk,
        text_weight=0.0,
        tower_lr=RATE,
        heads_lr=RATE,
    )


def measured(config: TrainConfig, device: torch.device) -> Step:
    """Measure whole steps, plain ones, and mining with losses alone."""
    data, terms = catalogue(config.side * 9 // 8)
    vision = imagenet_vision(IMAGENETS[-1], "linear", config.side)
    model = AppearanceModel(build_clip(vision, SMALL_TEXT, EMBED_DIM), AppearanceConfig())
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    ends = []

    def ended(_: object) -> None:
        settle(device)
        ends.append(time.perf_counter())

    train(model, data, terms, config, device, Checkpoint(None, config), on_step=ended)
    step = statistics.median(later - sooner for sooner, later in pairwise(ends[WARM - 1 :]))
    peak = peak_memory(device)
    plain = median_time(lambda: plain_step(model, config, device), device)
    share = median_time(lambda: losses_alone(model, data, terms, config, device), device) / step
    return Step(config.batch / step, config.batch / plain, share, peak)


def catalogue(side: int) -> tuple[TrainingData, list[Term]]:
    """Random photos, and labels as a shop's."""
    rng = np.random.default_rng(0)
    types, colours, patterns = (rng.integers(n, size=PHOTOS) for n in (TYPES, COLOURS, PATTERNS))
    columns = {
        "type": types,
        "colour": colours,
        "pattern": patterns,
        "type_colour": joint_codes([types, colours]),
        "type_pattern": joint_codes([types, patterns]),
        "product": np.arange(PHOTOS) // 2,
    }
    facets = {rule.column: rule.facets for rule in RULES}
    terms = [
        Term(name, name, facets[name], weight)
        for name, weight in DEFAULT_TERMS.items()
        if name in columns
    ]
    data = TrainingData(
        pixels=rng.integers(256, size=(PHOTOS, side, side, 3), dtype=np.uint8),
        labels={term.label: torch.from_numpy(columns[term.label]) for term in terms},
        captions=None,
        train=np.ones(PHOTOS, dtype=bool),
        groups=columns["type_colour"],
        categories=types,
        source=np.zeros(PHOTOS, dtype=np.int64),
    )
    return data, terms


def plain_step(model: AppearanceModel, config: TrainConfig, device: torch.device) -> None:
    """Forward and backward of a batch of blank photos, and nothing else."""
    photos = torch.zeros(config.chunk, 3, config.side, config.side, device=device)
    photos = photos.contiguous(memory_format=torch.channels_last)

    def embed(part: slice) -> dict[str, torch.Tensor]:
        with autocast(config, device):
            blocks, embedding = model(photos[: part.stop - part.start])
        return {**blocks, "embedding": embedding.float()}

    def sums(rows: dict[str, torch.Tensor]) -> BatchLoss:
        return BatchLoss(sum((block.float().sum() for block in rows.values()), torch.zeros(())))

    backward(embed, sums, config.batch, config.chunk)


def losses_alone(
    model: AppearanceModel,
    data: TrainingData,
    terms: list[Term],
    config: TrainConfig,
    device: torch.device,
) -> None:
    """Mining, losses and their gradient for rows that lie as those of an untrained tower."""
    rows = torch.arange(config.batch) % PHOTOS
    labels = {name: codes[rows].to(device) for name, codes in data.labels.items()}
    generator = torch.Generator().manual_seed(1)
    seen = {
        name: torch.randn(config.batch, dim, generator=generator).to(device)
        for name, dim in {**model.config.dims, "embedding": EMBED_DIM}.items()
    }
    seen = {
        name: (row / row.norm(dim=1, keepdim=True)).requires_grad_() for name, row in seen.items()
    }
    objective = Objective(model, terms, config, Processes())
    objective(seen, labels, step=0).value.backward()


def median_time(work: Callable[[], None], device: torch.device) -> float:
    """Median seconds, warm."""
    times = []
    for number in range(WARM + TIMED):
        settle(device)
        began = time.perf_counter()
        work()
        settle(device)
        if number >= WARM:
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def settle(device: torch.device) -> None:
    """Waits until a GPU is idle."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_memory(device: torch.device) -> int:
    """Bytes."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
