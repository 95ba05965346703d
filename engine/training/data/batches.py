"""Batches of a run: which photos, how they are seen, and what they are called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.errors import NotEnoughData, TrainingError
from engine.training.data.augment import augment, draw_views
from engine.training.data.cached_views import KeptViews, StageOutput
from engine.training.data.config import TrainConfig
from engine.training.data.distributed import Processes
from engine.training.data.sampler import BatchSampler

Mix = Callable[[np.ndarray, int, int], np.ndarray]
"""``(rows of a batch, source, step) -> rows``."""


@dataclass(frozen=True)
class TrainingData:
    """What the loop reads.

    Attributes:
        pixels: ``(N, S, S, 3)`` uint8 photos.
        labels: column -> ``(N,)`` int64, -1 unknown.
        captions: ``(N, L)`` int64 tokens of each photo's title, or None to leave titles out.
        train: rows that may be trained on, as a mask ``(N,)``.
        groups: ``(N,)`` int64, the label by which batches are drawn; -1: never drawn.
        categories: ``(N,)`` int64, what a batch's negatives should share.
        source: ``(N,)`` int64, the catalogue that each photo is from.
        kept: views behind the frozen stages, where these are passed once for all steps.
    """

    pixels: np.ndarray
    labels: dict[str, Tensor]
    captions: Tensor | None
    train: np.ndarray
    groups: np.ndarray
    categories: np.ndarray
    source: np.ndarray
    kept: KeptViews | None = None


@dataclass(frozen=True)
class Batch:
    """One process's share of a batch, and the labels of all of it.

    ``views`` are b photos ``(b, 3, S, S)``, or what the frozen stages made of them; ``texts``
    ``(b, L)`` or None; ``labels`` column -> ``(B,)``. ``source`` is where all of it is from, -1
    where it is from several.
    """

    views: Tensor | StageOutput
    texts: Tensor | None
    labels: dict[str, Tensor]
    source: int = -1


class Batches:
    """Draws batches: which photos, how they are seen. All processes draw the same.

    Args:
        data: photos and labels.
        config: every knob.
        processes: the group that shares a batch.
        device: where views are made.
        normalised: mean and standard deviation ``(1, 3, 1, 1)`` of the encoder's pixels.
        mix: what a batch of triplet steps is passed through, see
        `engine.training.loop.mining_rounds`.

    Raises:
        NotEnoughData: no source has two labels.
    """

    def __init__(
        self,
        data: TrainingData,
        config: TrainConfig,
        processes: Processes,
        device: torch.device,
        normalised: tuple[Tensor, Tensor],
        mix: Mix = lambda batch, source, step: batch,
    ) -> None:
        self._data, self._config, self._processes = data, config, processes
        self._device, self._mix = device, mix
        self._mean, self._std = normalised
        self._held = held_on_gpu(data.pixels, device)
        self._trainable = np.flatnonzero(data.train)
        self._samplers, self._sources, photos = [], [], []
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
        self._shares = shares_of(self._sources, photos, config.shares)

    def _sampler(self, usable: np.ndarray) -> BatchSampler:
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
        """Batch number ``step``, a pure function of it and the seed."""
        config, count = self._config, self._config.batch
        contrastive = step < config.contrastive_steps
        drawn, source = (self._any(step), -1) if contrastive else self._alike(step)
        rows = torch.from_numpy(drawn)
        mine = self._processes.share(torch.arange(count))
        captions = self._data.captions
        if not (contrastive or config.text_weight > 0):
            captions = None
        return Batch(
            views=self._views(rows, mine, step, contrastive),
            texts=None if captions is None else captions[rows[mine]].to(self._device),
            labels={
                name: codes[rows].to(self._device) for name, codes in self._data.labels.items()
            },
            source=source,
        )

    def _views(
        self, rows: Tensor, mine: Tensor, step: int, contrastive: bool
    ) -> Tensor | StageOutput:
        """This process's photos of a batch, each as another shot might show it."""
        config, kept = self._config, self._data.kept
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        if kept is not None:
            drawn = kept.draw(rows.numpy(), generator, config.views.mirror)
            early = kept.take(*(values[mine.numpy()] for values in drawn))
            return early.each(lambda maps: channels_last(maps.to(self._device)))
        draws = draw_views(len(rows), generator, config.views)
        if self._held is not None:
            pixels = self._held[rows[mine].to(self._device)]
        else:
            pixels = torch.from_numpy(self._data.pixels[rows[mine].numpy()]).to(self._device)
        side = (config.contrastive_side if contrastive else 0) or config.side
        return channels_last((augment(pixels, side, draws.take(mine)) - self._mean) / self._std)

    def _any(self, step: int) -> np.ndarray:
        """Photos drawn evenly: against titles, a batch of all kinds is what teaches."""
        rng = np.random.default_rng((self._config.seed, 1, step))
        count = self._config.batch
        return rng.choice(self._trainable, count, replace=len(self._trainable) < count)

    def _alike(self, step: int) -> tuple[np.ndarray, int]:
        """P labels x K photos of one source, and which: words of two shops may differ in meaning.

        "Trousers" of one and "pants" of another would be each other's negatives.
        """
        rng = np.random.default_rng((self._config.seed, 2, step))
        chosen = rng.choice(len(self._samplers), p=self._shares)
        source = self._sources[chosen]
        return self._mix(self._samplers[chosen].batch(step), source, step), source


def shares_of(sources: Sequence[int], photos: Sequence[int], wanted: Sequence[float]) -> np.ndarray:
    """How often each source gives a batch, ``(n,)`` summing to 1.

    Args:
        sources: numbers of the n sources that can.
        photos: how many each has.
        wanted: relative frequencies of all sources, in their order; none: as many as photos.

    Raises:
        TrainingError: too few of them, or none of the sources would ever give one.
    """
    if not wanted:
        return np.asarray(photos) / sum(photos)
    if len(wanted) <= max(sources) or not sum(wanted[source] for source in sources) > 0:
        raise TrainingError(
            f"--shares {','.join(f'{share:g}' for share in wanted)} must give one share for each "
            "--data, and one above 0 to a source that has two labels."
        )
    shares = np.array([wanted[source] for source in sources])
    return shares / shares.sum()


def held_on_gpu(pixels: np.ndarray, device: torch.device) -> Tensor | None:
    """All photos in a GPU's memory, if a quarter of what is free there holds them."""
    if device.type != "cuda" or pixels.nbytes > torch.cuda.mem_get_info(device)[0] // 4:
        return None
    return torch.from_numpy(np.array(pixels)).to(device)


def channels_last(images: Tensor) -> Tensor:
    """The memory order in which convolutions are fastest."""
    return images.contiguous(memory_format=torch.channels_last)
