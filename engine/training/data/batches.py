"""Batches of a run: which photos, their augmented views, labels and captions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.arrays import Bool, Float64, Int64, UInt8
from engine.errors import NotEnoughData, TrainingError
from engine.training.data.augment import augment, sample_views
from engine.training.data.cached_views import CachedViews, StageOutput
from engine.training.data.config import TrainConfig
from engine.training.data.distributed import Processes
from engine.training.data.sampler import BatchSampler

Mix = Callable[[Int64, int, int], Int64]
"""``(rows of a batch, source, step) -> rows``."""


@dataclass(frozen=True)
class TrainingData:
    """The input of the training loop: N photos.

    Attributes:
        pixels: ``(N, S, S, 3)`` uint8 RGB.
        labels: column -> ``(N,)`` int64, -1 unknown.
        captions: ``(N, L)`` int64, the tokens of each photo's title; None to train without.
        train: ``(N,)`` bool, the training split.
        groups: ``(N,)`` int64, the label by which batches are sampled; -1: never sampled.
        categories: ``(N,)`` int64, what a batch's negatives should have in common.
        source: ``(N,)`` int64, the catalogue that each photo is from.
        cached_views: outputs of the frozen stages, if these are computed once for all steps.
    """

    pixels: UInt8
    labels: dict[str, Tensor]
    captions: Tensor | None
    train: Bool
    groups: Int64
    categories: Int64
    source: Int64
    cached_views: CachedViews | None = None


@dataclass(frozen=True)
class Batch:
    """One process's shard of a batch (b of B photos), and the labels of what it is compared with.

    Attributes:
        views: ``(b, 3, S, S)`` normalised, or the frozen stages' output for them.
        texts: ``(b, L)`` int64 tokens, or None.
        labels: column -> ``(B,)`` int64, or ``(b,)`` where processes gather no rows.
        source: the catalogue that all photos are from, -1 for several.
    """

    views: Tensor | StageOutput
    texts: Tensor | None
    labels: dict[str, Tensor]
    source: int = -1


class Batches:
    """Samples batches and renders their views. All processes sample the same photos.

    Args:
        data: photos and labels.
        config: the settings of the run.
        processes: the group that shares a batch.
        device: where views are rendered.
        normalisation: mean and standard deviation ``(1, 3, 1, 1)`` of the encoder's pixels.
        mix: changes the photos of a triplet step, see `engine.training.loop.mining_rounds`.

    Raises:
        NotEnoughData: no source has two labels.
    """

    def __init__(
        self,
        data: TrainingData,
        config: TrainConfig,
        processes: Processes,
        device: torch.device,
        normalisation: tuple[Tensor, Tensor],
        mix: Mix = lambda batch, source, step: batch,
    ) -> None:
        self._data, self._config, self._processes = data, config, processes
        self._device, self._mix = device, mix
        self._mean, self._std = normalisation
        self._gpu_pixels = copied_to_gpu(data.pixels, device)
        self._trainable = np.flatnonzero(data.train)
        self._samplers: list[BatchSampler] = []
        self._sources: list[int] = []
        photos: list[int] = []
        for source in np.unique(data.source):
            usable = data.train & (data.source == source) & (data.groups >= 0)
            if len(np.unique(data.groups[usable])) >= 2:
                self._samplers.append(self._sampler(usable))
                self._sources.append(int(source))
                photos.append(int(usable.sum()))
        if not self._samplers:
            raise NotEnoughData(
                "No source has photos of two different labels to train on, so no triplet has a "
                "negative. Give --data photos of at least two products that differ."
            )
        self._probabilities = source_probabilities(self._sources, photos, config.shares)

    def _sampler(self, usable: Bool) -> BatchSampler:
        config = self._config
        return BatchSampler(
            np.where(usable, self._data.groups, -1),
            self._data.categories,
            labels_per_batch=config.labels_per_batch,
            photos_per_label=config.photos_per_label,
            categories_per_batch=config.categories_per_batch,
            seed=config.seed,
        )

    def draw(self, step: int) -> Batch:
        """Returns batch number ``step``, a pure function of step and seed."""
        config, count = self._config, self._config.batch
        contrastive = step < config.contrastive_steps
        chosen, source = (
            (self._draw_uniform(step), -1) if contrastive else self._draw_by_label(step)
        )
        rows = torch.from_numpy(chosen)
        mine = self._processes.shard(torch.arange(count))
        captions = self._data.captions
        if not (contrastive or config.text_weight > 0):
            captions = None
        return Batch(
            views=self._views(rows, mine, step, contrastive),
            texts=None if captions is None else captions[rows[mine]].to(self._device),
            labels={
                name: self._processes.compared(codes[rows]).to(self._device)
                for name, codes in self._data.labels.items()
            },
            source=source,
        )

    def _views(
        self, rows: Tensor, mine: Tensor, step: int, contrastive: bool
    ) -> Tensor | StageOutput:
        """Renders the views of this process's shard, or takes them from the cache."""
        config, cached = self._config, self._data.cached_views
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        if cached is not None:
            sampled = cached.sample(rows.numpy(), generator, config.views.mirror)
            outputs = cached.take(*(values[mine.numpy()] for values in sampled))
            return outputs.map(lambda maps: channels_last(maps.to(self._device)))
        parameters = sample_views(len(rows), generator, config.views)
        if self._gpu_pixels is not None:
            pixels = self._gpu_pixels[rows[mine].to(self._device)]
        else:
            pixels = torch.from_numpy(self._data.pixels[rows[mine].numpy()]).to(self._device)
        side = (config.contrastive_side if contrastive else 0) or config.side
        return channels_last(
            (augment(pixels, side, parameters.take(mine)) - self._mean) / self._std
        )

    def _draw_uniform(self, step: int) -> Int64:
        """Samples photos uniformly: the contrastive loss learns from a batch of all kinds."""
        rng = np.random.default_rng((self._config.seed, 1, step))
        count = self._config.batch
        return rng.choice(self._trainable, count, replace=len(self._trainable) < count)

    def _draw_by_label(self, step: int) -> tuple[Int64, int]:
        """Samples P labels x K photos of one source; returns them and the source.

        One source, as words of two shops may differ in meaning: "trousers" of one and "pants" of
        another would be each other's negatives.
        """
        rng = np.random.default_rng((self._config.seed, 2, step))
        chosen = rng.choice(len(self._samplers), p=self._probabilities)
        source = self._sources[chosen]
        return self._mix(self._samplers[chosen].batch(step), source, step), source


def source_probabilities(
    sources: Sequence[int], photos: Sequence[int], wanted: Sequence[float]
) -> Float64:
    """Returns the probability of each source to give a batch, ``(n,)`` float64.

    Args:
        sources: numbers of the n sources that have enough labels.
        photos: the number of photos of each.
        wanted: relative frequencies of all sources, in their order; empty: by photos.

    Raises:
        TrainingError: there are too few frequencies, or those of the n sources are all 0.
    """
    shares = np.array(photos, dtype=np.float64)
    if wanted:
        if len(wanted) <= max(sources) or not sum(wanted[source] for source in sources) > 0:
            raise TrainingError(
                f"--shares {','.join(f'{share:g}' for share in wanted)} must give one share for "
                "each --data, and one above 0 to a source that has two labels."
            )
        shares = np.array([wanted[source] for source in sources], dtype=np.float64)
    probabilities: Float64 = shares / shares.sum()
    return probabilities


def copied_to_gpu(pixels: UInt8, device: torch.device) -> Tensor | None:
    """Copies all photos to a GPU if they fit into a quarter of its free memory, else None."""
    if device.type != "cuda" or pixels.nbytes > torch.cuda.mem_get_info(device)[0] // 4:
        return None
    return torch.from_numpy(np.array(pixels)).to(device)


def channels_last(images: Tensor) -> Tensor:
    """Changes the memory layout to the one in which convolutions are fastest."""
    return images.contiguous(memory_format=torch.channels_last)
