"""The encoder: an open_clip image tower, with facet heads if it was trained with them."""

import ctypes
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from catalog.frozen_dict import FrozenDict
from catalog.photos import preprocess
from engine.arrays import Float32, UInt8
from engine.encoders.appearance import (
    AppearanceModel,
    OpenClip,
    TowerOutput,
    image_side,
    normalisation,
    quarter_resolution,
    run_tower,
)
from engine.encoders.checkpoint import load_appearance
from engine.encoders.encoder import CODE_VERSION, check_pixels
from engine.encoders.facets import FacetLayout
from engine.encoders.tokens import tokenizer
from engine.encoders.towers import model_config
from engine.errors import CheckpointError, DeviceUnavailable, RequestError
from engine.models import resolved

NO_CONFIG: Mapping[str, Any] = FrozenDict({})
CPU_CHUNK = 8  # photos computed at a time on the CPU: as fast as more, and see `keep_freed_memory`
# Parameters that rows of photos do not depend on.
TEXT_ONLY = ("clip.transformer.", "transformer.", "clip.token", "token", "text.")
WHOLE = "appearance"  # the only facet of a tower without facet heads


class ClipEncoder:
    """An `engine.encoders.encoder.Encoder` over an open_clip model.

    Args:
        name: the value of the setting that named it.
        model: an `AppearanceModel`, or a bare open_clip model, whose image embedding is the only
            facet, ``appearance``.
        device: the device that it computes on.
        text_config: open_clip's ``text_cfg`` of the model, for `encode_texts`.
        half: compute the tower in bfloat16; rows differ a little, so the fingerprint is another.
    """

    def __init__(
        self,
        name: str,
        model: AppearanceModel | OpenClip,
        device: torch.device,
        text_config: Mapping[str, Any] = NO_CONFIG,
        *,
        half: bool = False,
    ) -> None:
        self.name, self.text_config, self._half = name, text_config, half
        clip = model.clip if isinstance(model, AppearanceModel) else model
        self.image_size = image_side(clip)
        self._mean, self._std = normalisation(clip, device)
        self.layout = (
            model.config.layout()
            if isinstance(model, AppearanceModel)
            else FacetLayout.of({WHOLE: embedding_length(model, self.image_size)})
        )
        self.fingerprint = self._fingerprint(model)
        self._device = device
        # Convolutions run about a quarter faster with channels last, on the CPU as on a GPU.
        self._model = model.to(device).to(memory_format=torch.channels_last).eval()
        self.network = PixelRows(self._model, self._mean, self._std, half=half)
        if device.type == "cpu":
            keep_freed_memory()

    def encode_pixels(self, pixels: UInt8) -> Float32:
        """Rows ``(N, D)`` float32 of squares ``(N, S, S, 3)`` uint8; see `Encoder`."""
        check_pixels(pixels, self.image_size)
        found = np.empty((len(pixels), self.layout.dim), dtype=np.float32)
        chunk = CPU_CHUNK if self._device.type == "cpu" else max(1, len(pixels))
        with torch.inference_mode():
            for at in range(0, len(pixels), chunk):
                images = torch.from_numpy(np.ascontiguousarray(pixels[at : at + chunk]))
                rows = self.network(self._on_device(images))
                found[at : at + chunk] = rows.float().cpu().numpy()
        return found

    def _on_device(self, images: Tensor) -> Tensor:
        if self._device.type != "cuda":
            return images.to(self._device)
        return images.pin_memory().to(self._device, non_blocking=True)  # without a second copy

    def encode(self, images: Sequence[Image.Image]) -> Float32:
        """Rows ``(N, D)`` float32 of Pillow images of any size and mode."""
        return self.encode_pixels(preprocess.to_squares(images, self.image_size))

    @property
    def has_texts(self) -> bool:
        """Whether the model was trained with texts."""
        return self.text_model is not None

    @property
    def text_model(self) -> AppearanceModel | None:
        """The model if it was trained with texts, else None."""
        model = self._model
        return model if isinstance(model, AppearanceModel) and model.text is not None else None

    def encode_texts(self, texts: Sequence[str]) -> Float32:
        """Rows ``(N, D)`` float32 of texts such as "red dress", beside those of fitting photos.

        Raises:
            RequestError: the model was not trained with texts.
            EncoderUnavailable: its tokenizer is not available.
        """
        model = self.text_model
        if model is None:
            raise RequestError(f"The encoder {self.name!r} has no rows for texts.")
        if not texts:
            return np.zeros((0, self.layout.dim), dtype=np.float32)
        with torch.inference_mode():
            tokens = tokenizer(self.text_config)(list(texts))
            rows = model.text_rows(tokens.to(self._device))
        found: Float32 = rows.float().cpu().numpy()
        return found

    def _fingerprint(self, model: AppearanceModel | OpenClip) -> str:
        digest = hashlib.sha256()
        facts = {
            "code": CODE_VERSION,
            "preprocess": preprocess.VERSION,
            "side": self.image_size,
            "mean": self._mean.flatten().tolist(),
            "std": self._std.flatten().tolist(),
            "facets": {name: list(span) for name, span in self.layout.slices.items()},
            "weights": dict(self.layout.weights),
        }
        if self._half:
            facts["precision"] = "bfloat16"
        digest.update(json.dumps(facts, sort_keys=True).encode())
        for key, value in sorted(model.state_dict().items()):
            if not key.startswith(TEXT_ONLY):
                digest.update(key.encode())
                digest.update(value.detach().cpu().contiguous().view(-1).numpy().tobytes())
        return digest.hexdigest()


class PixelRows(nn.Module):
    """A model from pixels to rows.

    Args:
        model: an `AppearanceModel`, or a bare open_clip model.
        mean, std: ``(1, 3, 1, 1)``, by which its pixels are scaled.
        half: compute the tower in bfloat16, and what follows in float32.
    """

    def __init__(
        self, model: AppearanceModel | OpenClip, mean: Tensor, std: Tensor, *, half: bool = False
    ) -> None:
        super().__init__()
        self.model, self.in_half = model, half
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)
        self.eval()

    def forward(self, pixels: Tensor) -> Tensor:
        """Rows ``(N, D)`` of length 1 of squares ``(N, S, S, 3)`` uint8."""
        images = to_input(pixels, self.get_buffer("mean"), self.get_buffer("std"))
        if self.in_half:
            return self._rows_in_half(images)
        if isinstance(self.model, AppearanceModel):
            return self.model.rows(images)
        return F.normalize(self.model.encode_image(images), dim=-1)

    def _rows_in_half(self, images: Tensor) -> Tensor:
        model = self.model
        with torch.autocast(images.device.type, dtype=torch.bfloat16):
            if not isinstance(model, AppearanceModel):
                return F.normalize(model.encode_image(images).float(), dim=-1)
            output = run_tower(model.clip, images, model.config.taps)
        single = TowerOutput(
            output.embedding.float(), output.pooled.float(), [one.float() for one in output.taps]
        )
        return model.join(model.facet_blocks(quarter_resolution(images), single))


def keep_freed_memory() -> None:
    """Have the C library keep freed memory for the next chunk instead of returning it.

    A chunk's maps are large enough that glibc would give their memory back to the system and fetch
    it again, page by page, for every layer: half of the time. Blocks of up to 32 MB, the most that
    glibc allows, come from its heap from now on, and the heap does not shrink. Elsewhere than on
    Linux with glibc, nothing happens.
    """
    trim_threshold, mmap_threshold = -1, -3  # names of malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(mmap_threshold, 32 * 1024 * 1024)
    mallopt(trim_threshold, 512 * 1024 * 1024)


def to_input(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Normalise ``(N, S, S, 3)`` uint8 into ``(N, 3, S, S)`` float32, channels last in memory."""
    return (images.permute(0, 3, 1, 2).float() / 255 - mean) / std


def embedding_length(clip: OpenClip, side: int) -> int:
    """Length of a bare open_clip model's image embedding.

    Raises:
        CheckpointError: its image tower does not take photos of this side.
    """
    try:
        with torch.inference_mode():
            return int(clip.encode_image(torch.zeros(1, 3, side, side)).shape[1])
    except Exception as error:  # timm and torch raise different types
        tower = type(getattr(clip.visual, "trunk", clip.visual)).__name__
        raise CheckpointError(
            f"The image tower {tower} does not take photos of {side} pixels, the image_size in its "
            f"config: {str(error).strip() or error!r} Correct the config, or choose another "
            "encoder."
        ) from error


def pick_device(name: str) -> torch.device:
    """The device that a setting names; ``auto`` is a GPU if there is one, else the CPU.

    Raises:
        DeviceUnavailable: there is no such GPU, or the name is invalid.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceUnavailable(
            f"{name!r} is not a device; use auto, cpu, cuda or cuda:N."
        ) from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise DeviceUnavailable(
            f"The device {name!r} was requested, but torch finds {torch.cuda.device_count()} CUDA "
            "devices on this machine. Use --device auto or --device cpu."
        )
    return device


def load_encoder(
    name: str, *, models_dir: Path, device: str = "auto", threads: int = 0, half: bool = False
) -> ClipEncoder:
    """Load the encoder that a setting names.

    Args:
        name: ``default``, a shipped model, ``local-dir:PATH``, ``NAME/PRETRAINED`` or
            ``hf-hub:ORG/MODEL``.
        models_dir: the folder of models that are built on first use.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        threads: threads of torch on the CPU; 0 lets torch decide.
        half: compute its tower in bfloat16.

    Raises:
        EncoderUnavailable: there is no such model, or its hub cannot be reached.
        CheckpointError: its files are broken.
        DeviceUnavailable: the device does not exist.
    """
    if threads:
        torch.set_num_threads(threads)
    target = pick_device(device)
    chosen = resolved(name)
    model = load_appearance(chosen, models_dir)
    with_text = isinstance(model, AppearanceModel) and model.text is not None
    text = model_config(chosen, models_dir)["text_cfg"] if with_text else NO_CONFIG
    return ClipEncoder(chosen, model, target, text, half=half)
