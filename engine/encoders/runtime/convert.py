"""Converts an encoder to ONNX; run in a process of its own by `engine.encoders.runtime.store`.

The network is traced as a whole, from pixels to rows, so that new heads come along by themselves.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image

from catalog.files import write_whole
from engine.arrays import UInt8
from engine.encoders.open_clip_encoder import ClipEncoder, load_encoder
from engine.encoders.runtime.store import FACTS_FILE, MODEL_FILE, REPORTED
from engine.errors import EncoderError

OPSET = 17
LEAST_COSINE = 0.9999  # between the rows of both
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
    # The fused attention of eval mode has no ONNX form; the plain one gives the same rows.
    torch.backends.mha.set_fastpath_enabled(False)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of the tracer, about loops over fixed sizes
        torch.onnx.export(
            encoder.network,
            (torch.from_numpy(photos[:2].copy()),),
            str(folder / MODEL_FILE),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: {0: "photos"}, OUTPUT: {0: "photos"}},
            opset_version=OPSET,
            dynamo=False,  # the newer exporter takes ten times as long
        )
    check(encoder, photos, folder / MODEL_FILE)
    layout = encoder.layout
    facts = {
        "fingerprint": encoder.fingerprint,
        "image_size": encoder.image_size,
        "facets": {name: stop - start for name, (start, stop) in layout.slices.items()},
        "weights": dict(layout.weights),
        "photo_weights": dict(layout.photo_weights),
        "has_texts": encoder.has_texts,
    }
    write_whole(folder / FACTS_FILE, json.dumps(facts, indent=2) + "\n")


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
