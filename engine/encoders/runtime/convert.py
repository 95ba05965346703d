"""Converts an encoder to ONNX; run in a process of its own by `engine.encoders.runtime.store`.

The network is traced as a whole, from pixels to rows, so that new heads come along by themselves.
"""

import json
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image
from timm.layers.padding import pad_same_arg
from torch import Tensor, nn
from torch.nn import functional as F

from catalog.files import write_whole
from engine.arrays import UInt8
from engine.encoders.open_clip_encoder import ClipEncoder, load_encoder
from engine.encoders.runtime.simplify import simplify
from engine.encoders.runtime.store import FACTS_FILE, MODEL_FILE, REPORTED, file_digest
from engine.errors import EncoderError

OPSET = 17
LEAST_COSINE = 0.9999  # between the rows of both
PADDING = "pad_same"  # timm's function that pads as TensorFlow does
INPUT, OUTPUT = "pixels", "rows"


def main(name: str, models_dir: str, folder: str) -> None:
    """Convert the encoder that a setting names into a folder.

    Exits with status `REPORTED` after an error that is the user's to mend, whose type and message
    are printed as JSON.
    """
    try:
        encoder = load_encoder(name, models_dir=Path(models_dir), device="cpu")
    except EncoderError as error:
        print(json.dumps([type(error).__name__, str(error)]))
        sys.exit(REPORTED)
    convert(encoder, Path(folder))


def convert(encoder: ClipEncoder, folder: Path) -> None:
    """Write `MODEL_FILE` and `FACTS_FILE`.

    Raises:
        ValueError: the converted encoder has other rows.
    """
    photos = sample_photos(encoder.image_size)
    export(encoder.network, torch.from_numpy(photos[:2].copy()), folder / MODEL_FILE)
    simplify(folder / MODEL_FILE)
    check(encoder, photos, folder / MODEL_FILE)
    layout = encoder.layout
    facts = {
        "fingerprint": encoder.fingerprint,
        "image_size": encoder.image_size,
        "facets": {name: stop - start for name, (start, stop) in layout.slices.items()},
        "weights": dict(layout.weights),
        "photo_weights": dict(layout.photo_weights),
        "has_texts": encoder.has_texts,
        "sha256": file_digest(folder / MODEL_FILE),
    }
    write_whole(folder / FACTS_FILE, json.dumps(facts, indent=2) + "\n")


def export(network: nn.Module, example: Tensor, path: Path) -> None:
    """Write a network as ONNX, for inputs like an example ``(N, ...)``, and for any N."""
    # The fused attention of eval mode has no ONNX form; the plain one gives the same rows.
    torch.backends.mha.set_fastpath_enabled(False)
    with warnings.catch_warnings(), torch.no_grad(), fixed_padding():
        warnings.simplefilter("ignore")  # of the tracer, about loops over fixed sizes
        torch.onnx.export(
            network,
            (example,),
            str(path),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: {0: "photos"}, OUTPUT: {0: "photos"}},
            opset_version=OPSET,
            dynamo=False,  # the newer exporter takes ten times as long
        )


@contextmanager
def fixed_padding() -> Iterator[None]:
    """Trace the padding of TensorFlow's towers as constants, not as computed from the shape."""
    module = import_module("timm.layers.conv2d_same")  # a function has the same name
    computed = getattr(module, PADDING)
    setattr(module, PADDING, pad_fixed)
    try:
        yield
    finally:
        setattr(module, PADDING, computed)


def pad_fixed(
    maps: Tensor, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> Tensor:
    """As `timm.layers.padding.pad_same`, for maps ``(N, C, H, W)`` whose H and W do not change."""
    edges = [int(edge) for edge in maps.shape[-2:]]
    return F.pad(maps, pad_same_arg(edges, list(kernel), list(stride), list(dilation)))


def check(encoder: ClipEncoder, photos: UInt8, model: Path) -> None:
    """Compare rows of single photos and of a batch.

    Raises:
        ValueError: a pair of rows is less alike than `LEAST_COSINE`.
    """
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    for batch in (photos, photos[:1]):
        (rows,) = session.run([OUTPUT], {INPUT: batch})
        worst = float((rows * encoder.encode_pixels(batch)).sum(axis=1).min())
        if not worst > LEAST_COSINE:
            raise ValueError(f"the converted rows differ from torch's: cosine {worst:.6f}")


def sample_photos(side: int) -> UInt8:
    """Photos ``(4, S, S, 3)``: soft patches, noise, a shape on white, and white."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
    patches = Image.fromarray(noise[:8, :8]).resize((side, side), Image.Resampling.BICUBIC)
    white = np.full((side, side, 3), 255, dtype=np.uint8)
    shape = white.copy()
    shape[side // 4 : -side // 4, side // 3 : -side // 3] = (160, 40, 60)
    return np.stack([np.asarray(patches), noise, shape, white])
