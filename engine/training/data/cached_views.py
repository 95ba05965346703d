"""What a tower's frozen stages see, computed once: their maps of some views of every photo, kept.

Stem and first stages of an EfficientNet cost more than all the rest (two thirds of a step at 128
pixels) and give the same maps for the same view as long as their weights stay. So some views of
each photo pass them once, into memory maps on disk, and every step starts from there. A kept view
may still be mirrored: its maps are those of the mirrored photo, but for the last pixel's width.
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

from catalog.lock import in_turn
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
from engine.training.data.augment import augment, draw_views
from engine.training.data.config import TrainConfig
from engine.training.data.photo_bank import PhotoBank

CHUNK = 64  # photos that pass at a time; part of the seed of their views
SAVE_EVERY = 20  # chunks
PARTS = ("conv_stem", "bn1", "blocks", "conv_head", "bn2", "stage_ends")
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class StageOutput:
    """B views behind the frozen stages.

    Attributes:
        quarter: ``(B, 3, S/4, S/4)``, see `engine.encoders.appearance.quarter_resolution`.
        taps: those tapped maps that lie before the last frozen stage's.
        last: what the next stage reads, ``(B, C, h, w)``; it may be tapped itself.
    """

    quarter: Tensor
    taps: tuple[Tensor, ...]
    last: Tensor

    def __len__(self) -> int:
        return len(self.last)

    def __getitem__(self, part: slice) -> "StageOutput":
        return self.each(lambda maps: maps[part])

    def each(self, change: Callable[[Tensor], Tensor]) -> "StageOutput":
        """A copy with every tensor changed."""
        return StageOutput(change(self.quarter), tuple(map(change, self.taps)), change(self.last))


class SplitModel:
    """An appearance model over an EfficientNet, cut behind its first stages.

    Raises:
        TrainingError: another tower, or no stage is frozen.
    """

    def __init__(self, model: AppearanceModel, stages: int) -> None:
        trunk: OpenClip = getattr(model.clip.visual, "trunk", None)
        if not all(hasattr(trunk, part) for part in PARTS):
            raise TrainingError(
                "Kept views need an image tower of timm's EfficientNet family, and this is "
                f"{type(trunk or model.clip.visual).__name__}. Train with --kept-views 0."
            )
        if not 1 <= stages <= len(trunk.blocks):
            raise TrainingError(
                f"Views can be kept behind 1 to {len(trunk.blocks)} frozen stages, not {stages}. "
                "Choose --frozen-stages, or train with --kept-views 0."
            )
        self._model, self._stages = model, stages
        self._tapped = [trunk.stage_ends[tap] for tap in model.config.taps]

    @property
    def _trunk(self) -> OpenClip:
        return self._model.clip.visual.trunk

    def run_frozen(self, images: Tensor) -> StageOutput:
        """Run the frozen stages on photos ``(B, 3, S, S)`` float, normalised."""
        maps = self._trunk.bn1(self._trunk.conv_stem(images))
        taps = []
        for number, stage in enumerate(self._trunk.blocks[: self._stages], start=1):
            maps = stage(maps)
            if number in self._tapped and number < self._stages:
                taps.append(maps)
        return StageOutput(quarter_resolution(images), tuple(taps), maps)

    def forward(self, views: Tensor | StageOutput) -> tuple[dict[str, Tensor], Tensor]:
        """Facet blocks and CLIP embedding, as `AppearanceModel.forward`, of photos or of the
        frozen stages' output."""
        return self._run_rest(views if isinstance(views, StageOutput) else self.run_frozen(views))

    def _run_rest(self, views: StageOutput) -> tuple[dict[str, Tensor], Tensor]:
        maps, taps = views.last, list(views.taps)
        if self._stages in self._tapped:
            taps.append(maps)
        for number, stage in enumerate(self._trunk.blocks[self._stages :], self._stages + 1):
            maps = stage(maps)
            if number in self._tapped:
                taps.append(maps)
        last = self._trunk.bn2(self._trunk.conv_head(maps))
        output = project(self._model.clip, last, taps)
        return self._model.facet_blocks(views.quarter, output), output.embedding


@dataclass(frozen=True)
class KeptViews:
    """V views of N photos behind the frozen stages: arrays ``(V, N, C, h, w)`` float16.

    ``arrays`` holds the photos at quarter resolution, the tapped maps and the last map, in this
    order. The first view is the photo as it is.
    """

    arrays: tuple[np.ndarray, ...]

    def draw(
        self, rows: np.ndarray, generator: torch.Generator, mirror: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For photos ``(B,)``: themselves, one view of each drawn evenly, and whether mirrored."""
        views = torch.randint(len(self.arrays[0]), (len(rows),), generator=generator).numpy()
        chance = torch.rand(len(rows), generator=generator).numpy()
        return rows, views, chance < (0.5 if mirror else 0.0)

    def take(self, rows: np.ndarray, views: np.ndarray, mirrored: np.ndarray) -> StageOutput:
        """These views of these photos, each mirrored or not, as float32."""
        quarter, *taps, last = (
            torch.from_numpy(array[views, rows]).float() for array in self.arrays
        )
        turned = torch.from_numpy(mirrored).view(-1, 1, 1, 1)
        return StageOutput(quarter, tuple(taps), last).each(
            lambda maps: torch.where(turned, maps.flip(-1), maps)
        )


def keep_views(
    model: AppearanceModel,
    bank: PhotoBank,
    config: TrainConfig,
    folder: Path,
    device: torch.device,
    on_progress: OnProgress = lambda done, total: None,
) -> KeptViews:
    """Pass ``config.kept_views`` views of every photo through the frozen stages.

    The arrays stay in ``folder``; a run that was killed goes on where they end.

    Args:
        on_progress: called with views done and views in all.

    Raises:
        TrainingError: the tower cannot be cut, or the disk is full.
    """
    split = SplitModel(model.to(device).eval(), config.frozen_stages)
    mean, std = normalisation(model.clip, device)
    name = f"views-{_digest(model, bank, config)}"
    starts = range(0, len(bank), CHUNK)
    jobs = [(view, start) for view in range(config.kept_views) for start in starts]
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / f"{name}.json"

    def see(view: int, start: int) -> list[np.ndarray]:
        pixels = torch.from_numpy(bank.pixels[start : start + CHUNK].copy()).to(device)
        if view == 0:  # the photo as it is, as it will be seen in use
            size = (config.side, config.side)
            images = to_input(pixels, mean, std)
            images = F.interpolate(images, size=size, mode="bilinear", antialias=True)
        else:
            seed = (config.seed * 1_009 + view) * 1_000_003 + start
            drawn = draw_views(len(pixels), torch.Generator().manual_seed(seed), config.views)
            images = (augment(pixels, config.side, drawn) - mean) / std
        with torch.inference_mode():
            views = split.run_frozen(images.contiguous(memory_format=torch.channels_last))
        return [maps.half().cpu().numpy() for maps in (views.quarter, *views.taps, views.last)]

    shapes = [piece.shape[1:] for piece in see(0, 0)]
    paths = [folder / f"{name}-{at}.npy" for at in range(len(shapes))]

    def fill() -> None:
        done = int(json.loads(mark.read_text())["chunks"]) if mark.exists() else 0
        size = (config.kept_views, len(bank))
        arrays = [
            _array(path, (*size, *shape), done > 0)
            for path, shape in zip(paths, shapes, strict=True)
        ]
        for number, (view, start) in enumerate(jobs[done:], start=done + 1):
            for array, piece in zip(arrays, see(view, start), strict=True):
                array[view, start : start + len(piece)] = piece
            if number % SAVE_EVERY == 0 or number == len(jobs):
                for array in arrays:
                    array.flush()
                draft = mark.with_suffix(".tmp")
                draft.write_text(json.dumps({"chunks": number}))
                draft.replace(mark)
            passed = min((start + CHUNK), len(bank)) + view * len(bank)
            on_progress(passed, config.kept_views * len(bank))

    try:
        # Two that write one file would cut it off under each other's feet.
        with in_turn(folder / f"{name}.lock", "keeps the same views"):
            fill()
    except OSError as error:
        raise TrainingError(
            f"The kept views cannot be written to {folder}: {error.strerror or error}. Free some "
            "space there, or keep fewer (--kept-views)."
        ) from error
    return KeptViews(tuple(np.load(path, mmap_mode="r") for path in paths))


def _array(path: Path, shape: tuple[int, ...], begun: bool) -> np.memmap[Any, Any]:
    if begun:
        return np.lib.format.open_memmap(path, mode="r+")
    return create_memmap(path, np.float16, shape)


def _digest(model: AppearanceModel, bank: PhotoBank, config: TrainConfig) -> str:
    """Names the kept views of these photos behind these frozen weights."""
    facts = [config.side, config.kept_views, config.frozen_stages, config.seed, len(bank)]
    digest = hashlib.sha256(repr([facts, config.views, model.config.taps]).encode())
    digest.update("\n".join(record.product_id for record in bank.records).encode())
    digest.update(bank.product.tobytes())
    digest.update(np.ascontiguousarray(bank.pixels[:: max(1, len(bank) // 97)]).tobytes())
    trunk = model.clip.visual.trunk
    early = [trunk.conv_stem, trunk.bn1, *trunk.blocks[: config.frozen_stages]]
    for module in early:
        for value in module.state_dict().values():
            digest.update(value.detach().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
