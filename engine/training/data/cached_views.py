"""Outputs of a tower's frozen stages, computed once for some views of every photo.

The stem and first stages of an EfficientNet cost more than all the rest (two thirds of a step at
128 pixels), and give the same output for the same view as long as their weights stay. So some
views of each photo pass them once, into memory maps on disk, and every step starts from there. A
cached view may still be mirrored: its maps are those of the mirrored photo, except for the last
pixel's width.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from catalog.files import write_whole
from catalog.lock import waiting_lock
from engine.arrays import Bool, Float16, Int64
from engine.encoders.appearance import (
    AppearanceModel,
    OpenClip,
    normalisation,
    project,
    quarter_resolution,
)
from engine.encoders.open_clip_encoder import to_input
from engine.errors import TrainingError
from engine.storage import create_memmap
from engine.training.data.augment import augment, sample_views
from engine.training.data.config import TrainConfig
from engine.training.data.photo_bank import PhotoBank

CHUNK = 64  # photos embedded at a time; part of the seed of their views
SAVE_EVERY = 20  # chunks
TRUNK_PARTS = ("conv_stem", "bn1", "blocks", "conv_head", "bn2", "stage_ends")
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class StageOutput:
    """The frozen stages' output for B views.

    Attributes:
        quarter: ``(B, 3, S/4, S/4)``, see `engine.encoders.appearance.quarter_resolution`.
        taps: the tapped feature maps before that of the last frozen stage.
        last: the input of the next stage, ``(B, C, h, w)``; it may be tapped itself.
    """

    quarter: Tensor
    taps: tuple[Tensor, ...]
    last: Tensor

    def __len__(self) -> int:
        return len(self.last)

    def __getitem__(self, part: slice) -> "StageOutput":
        return self.map(lambda maps: maps[part])

    def map(self, change: Callable[[Tensor], Tensor]) -> "StageOutput":
        """Returns a copy with every tensor changed."""
        return StageOutput(change(self.quarter), tuple(map(change, self.taps)), change(self.last))


class SplitModel:
    """An appearance model over an EfficientNet, split after its frozen stages.

    Args:
        model: the whole model.
        stages: how many of its first stages are frozen.

    Raises:
        TrainingError: another kind of tower, or no stage is frozen.
    """

    def __init__(self, model: AppearanceModel, stages: int) -> None:
        trunk: OpenClip = getattr(model.clip.visual, "trunk", None)
        if not all(hasattr(trunk, part) for part in TRUNK_PARTS):
            raise TrainingError(
                "Cached views need an image tower of timm's EfficientNet family, and this is "
                f"{type(trunk or model.clip.visual).__name__}. Train with --kept-views 0."
            )
        if not 1 <= stages <= len(trunk.blocks):
            raise TrainingError(
                f"Views can be cached after 1 to {len(trunk.blocks)} frozen stages, not {stages}. "
                "Change --frozen-stages, or train with --kept-views 0."
            )
        self._model, self._stages = model, stages
        self._tapped = [trunk.stage_ends[tap] for tap in model.config.taps]

    @property
    def _trunk(self) -> OpenClip:
        return self._model.clip.visual.trunk

    def run_frozen(self, images: Tensor) -> StageOutput:
        """Applies the frozen stages to ``(B, 3, S, S)`` float, normalised."""
        maps = self._trunk.bn1(self._trunk.conv_stem(images))
        taps = []
        for number, stage in enumerate(self._trunk.blocks[: self._stages], start=1):
            maps = stage(maps)
            if number in self._tapped and number < self._stages:
                taps.append(maps)
        return StageOutput(quarter_resolution(images), tuple(taps), maps)

    def forward(self, views: Tensor | StageOutput) -> tuple[dict[str, Tensor], Tensor]:
        """Returns the model's output for photos, or for the frozen stages' output for them."""
        return self._run_rest(views if isinstance(views, StageOutput) else self.run_frozen(views))

    def _run_rest(self, frozen: StageOutput) -> tuple[dict[str, Tensor], Tensor]:
        maps, taps = frozen.last, list(frozen.taps)
        if self._stages in self._tapped:
            taps.append(maps)
        for number, stage in enumerate(self._trunk.blocks[self._stages :], self._stages + 1):
            maps = stage(maps)
            if number in self._tapped:
                taps.append(maps)
        last = self._trunk.bn2(self._trunk.conv_head(maps))
        output = project(self._model.clip, last, taps)
        return self._model.facet_blocks(frozen.quarter, output), output.embedding


@dataclass(frozen=True)
class CachedViews:
    """The frozen stages' outputs for V views of N photos.

    Attributes:
        arrays: ``(V, N, C, h, w)`` each: photos at a quarter of the side, tapped maps, last map,
            in this order. View 0 is the photo without augmentation.
    """

    arrays: tuple[Float16, ...]

    def sample(
        self, rows: Int64, generator: torch.Generator, mirror: bool
    ) -> tuple[Int64, Int64, Bool]:
        """Returns for photos ``(B,)``: their rows, a random view of each, whether to mirror it."""
        views = torch.randint(len(self.arrays[0]), (len(rows),), generator=generator).numpy()
        chance = torch.rand(len(rows), generator=generator).numpy()
        return rows, views, chance < (0.5 if mirror else 0.0)

    def take(self, rows: Int64, views: Int64, mirrored: Bool) -> StageOutput:
        """Reads what `sample` chose, as float32."""
        quarter, *taps, last = (
            torch.from_numpy(array[views, rows]).float() for array in self.arrays
        )
        flipped = torch.from_numpy(mirrored).view(-1, 1, 1, 1)
        return StageOutput(quarter, tuple(taps), last).map(
            lambda maps: torch.where(flipped, maps.flip(-1), maps)
        )


def cache_views(
    model: AppearanceModel,
    bank: PhotoBank,
    config: TrainConfig,
    folder: Path,
    device: torch.device,
    on_progress: OnProgress = lambda done, total: None,
) -> CachedViews:
    """Passes ``config.kept_views`` views of every photo through the frozen stages.

    The arrays stay in ``folder``; a run that was killed continues where they end.

    Args:
        model: the initial model.
        bank: the photos.
        config: side, stages, views and seed.
        folder: where the arrays are stored, by a digest of all that they depend on.
        device: where to compute.
        on_progress: called with the number of views done and in all.

    Raises:
        TrainingError: the tower cannot be split, or the disk is full.
    """
    split_model = SplitModel(model.to(device).eval(), config.frozen_stages)
    mean, std = normalisation(model.clip, device)
    name = f"views-{_digest(model, bank, config)}"
    starts = range(0, len(bank), CHUNK)
    jobs = [(view, start) for view in range(config.kept_views) for start in starts]
    folder.mkdir(parents=True, exist_ok=True)
    progress_file = folder / f"{name}.json"

    def compute(view: int, start: int) -> list[Float16]:
        pixels = torch.from_numpy(bank.pixels[start : start + CHUNK].copy()).to(device)
        if view == 0:  # without augmentation, as photos are embedded in use
            size = (config.side, config.side)
            images = to_input(pixels, mean, std)
            images = F.interpolate(images, size=size, mode="bilinear", antialias=True)
        else:
            seed = (config.seed * 1_009 + view) * 1_000_003 + start
            generator = torch.Generator().manual_seed(seed)
            parameters = sample_views(len(pixels), generator, config.views)
            images = (augment(pixels, config.side, parameters) - mean) / std
        with torch.inference_mode():
            images = images.contiguous(memory_format=torch.channels_last)
            output = split_model.run_frozen(images)
        maps = (output.quarter, *output.taps, output.last)
        return [one.half().cpu().numpy() for one in maps]

    shapes = [piece.shape[1:] for piece in compute(0, 0)]
    paths = [folder / f"{name}-{at}.npy" for at in range(len(shapes))]

    def fill() -> None:
        done = 0
        if progress_file.exists():
            done = int(json.loads(progress_file.read_text())["chunks"])
        size = (config.kept_views, len(bank))
        arrays = [
            _array(path, (*size, *shape), done > 0)
            for path, shape in zip(paths, shapes, strict=True)
        ]
        for number, (view, start) in enumerate(jobs[done:], start=done + 1):
            for array, piece in zip(arrays, compute(view, start), strict=True):
                array[view, start : start + len(piece)] = piece
            if number % SAVE_EVERY == 0 or number == len(jobs):
                for array in arrays:
                    array.flush()
                write_whole(progress_file, json.dumps({"chunks": number}))
            views_done = min((start + CHUNK), len(bank)) + view * len(bank)
            on_progress(views_done, config.kept_views * len(bank))

    try:
        # Two processes must not write one file at a time.
        with waiting_lock(folder / f"{name}.lock", "caches the same views"):
            fill()
    except OSError as error:
        raise TrainingError(
            f"The cached views cannot be written to {folder}: {error.strerror or error}. Free "
            "some space there, or cache fewer (--kept-views)."
        ) from error
    return CachedViews(tuple(np.load(path, mmap_mode="r") for path in paths))


def _array(
    path: Path, shape: tuple[int, ...], exists: bool
) -> np.memmap[Any, np.dtype[np.float16]]:
    if exists:
        return np.lib.format.open_memmap(path, mode="r+")
    return create_memmap(path, np.float16, shape)


def _digest(model: AppearanceModel, bank: PhotoBank, config: TrainConfig) -> str:
    """Identifies the views of these photos after these frozen weights."""
    facts = [config.side, config.kept_views, config.frozen_stages, config.seed, len(bank)]
    digest = hashlib.sha256(repr([facts, config.views, model.config.taps]).encode())
    digest.update("\n".join(record.product_id for record in bank.records).encode())
    digest.update(bank.product.tobytes())
    digest.update(np.ascontiguousarray(bank.pixels[:: max(1, len(bank) // 97)]).tobytes())
    trunk = model.clip.visual.trunk
    frozen = [trunk.conv_stem, trunk.bn1, *trunk.blocks[: config.frozen_stages]]
    for module in frozen:
        for value in module.state_dict().values():
            digest.update(value.detach().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
