"""Features of photos under a frozen tower, computed once and stored in memory maps on disk."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from catalog.files import write_whole
from catalog.lock import waiting_lock
from engine.arrays import Float16, Float32, Int64
from engine.encoders.appearance import (
    AppearanceModel,
    normalisation,
    quarter_resolution,
    run_tower,
)
from engine.encoders.facet_heads import FacetHeads
from engine.encoders.open_clip_encoder import to_input
from engine.storage import create_memmap, storage_errors
from engine.training.data.photo_bank import PhotoBank

CHUNK = 16  # photos at a time: on the CPU, larger batches are slower
PARTS = ("features", "histograms")
BLOCKS_CHUNK = 512
SAVE_EVERY = 32  # chunks
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class FrozenFeatures:
    """What the heads read of N photos, beside early feature maps.

    Attributes:
        features: ``(N, W)`` float16, as `engine.encoders.facet_heads.FacetHeads.features`.
        histograms: ``(N, 1 + attention maps, BINS)`` float16, the colour histograms.
    """

    features: Float16
    histograms: Float16

    def blocks(self, heads: FacetHeads, rows: Int64) -> dict[str, Float32]:
        """Unit blocks ``{facet: (n, dim)}`` of photos ``(n,)``, under heads of this tower."""
        parts: dict[str, list[Float32]] = {}
        with torch.inference_mode():
            for at in range(0, len(rows), BLOCKS_CHUNK):
                chosen = rows[at : at + BLOCKS_CHUNK]
                inputs = (torch.from_numpy(part[chosen]).float() for part in self._parts())
                for name, block in heads.blocks(*inputs).items():
                    parts.setdefault(name, []).append(block.numpy())
        return {name: np.concatenate(block) for name, block in parts.items()}

    def _parts(self) -> tuple[Float16, Float16]:
        return self.histograms, self.features


def frozen_features(
    model: AppearanceModel,
    bank: PhotoBank,
    folder: Path,
    device: torch.device,
    on_progress: OnProgress = lambda done, total: None,
) -> FrozenFeatures:
    """Computes the features of a bank's photos, or continues where a killed run stopped.

    Args:
        model: the model; the bank's photos have the side that it is used at.
        bank: the photos.
        folder: where the features are stored, by a digest of all that they depend on.
        device: where to compute.
        on_progress: called with the number of photos done and in all.

    Raises:
        StorageError: the disk is full.
    """
    model = model.to(device).eval()
    heads = model.facets
    mean, std = normalisation(model.clip, device)
    name = f"features-{_digest(model, bank)}"
    paths = [folder / f"{name}-{part}.npy" for part in PARTS]
    progress = folder / f"{name}.json"

    def compute(start: int) -> list[Float16]:
        pixels = torch.from_numpy(bank.pixels[start : start + CHUNK].copy()).to(device)
        with torch.inference_mode():
            images = to_input(pixels, mean, std)
            output = run_tower(model.clip, images, model.config.taps)
            histograms = heads.histograms(quarter_resolution(images), output.taps)
            features = heads.features(output.pooled, output.taps)
        return [part.half().cpu().numpy() for part in (features, histograms)]

    def fill() -> None:
        done = int(json.loads(progress.read_text())["photos"]) if progress.exists() else 0
        shapes = [(len(bank), *part.shape[1:]) for part in compute(0)]
        arrays = [
            np.lib.format.open_memmap(path, mode="r+")
            if done
            else create_memmap(path, np.float16, shape)
            for path, shape in zip(paths, shapes, strict=True)
        ]
        starts = range(done, len(bank), CHUNK)
        for number, start in enumerate(starts, start=1):
            for array, part in zip(arrays, compute(start), strict=True):
                array[start : start + len(part)] = part
            stop = min(start + CHUNK, len(bank))
            if number % SAVE_EVERY == 0 or stop == len(bank):
                for array in arrays:
                    array.flush()
                write_whole(progress, json.dumps({"photos": stop}))
            on_progress(stop, len(bank))

    folder.mkdir(parents=True, exist_ok=True)
    with (
        storage_errors(folder, "The features of photos", "Free some space and run it again."),
        waiting_lock(folder / f"{name}.lock", "computes the same features"),
    ):
        fill()
    return FrozenFeatures(*(np.load(path, mmap_mode="r") for path in paths))


def _digest(model: AppearanceModel, bank: PhotoBank) -> str:
    """Identifies the features of these photos under these weights."""
    digest = hashlib.sha256(repr([bank.pixels.shape, model.config.taps]).encode())
    digest.update("\n".join(record.product_id for record in bank.records).encode())
    digest.update(bank.product.tobytes())
    digest.update(np.ascontiguousarray(bank.pixels[:: max(1, len(bank) // 97)]).tobytes())
    read = {**model.clip.visual.state_dict(), **model.facets.glances.state_dict()}
    for key, value in sorted(read.items()):
        digest.update(key.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
