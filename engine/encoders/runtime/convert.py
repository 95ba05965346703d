"""Converts an encoder to ONNX; run in a process of its own by `engine.encoders.runtime.store`.

The network is traced as a whole, from pixels to rows, so that new heads come along by themselves.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image

from catalog.files import write_whole
from engine.arrays import UInt8
from engine.encoders.open_clip_encoder import ClipEncoder, load_encoder
from engine.encoders.runtime.convert_texts import convert_texts
from engine.encoders.runtime.export import LEAST_COSINE, OUTPUT, export
from engine.encoders.runtime.simplify import simplify
from engine.encoders.runtime.store import FACTS_FILE, MODEL_FILE, REPORTED, file_digest
from engine.errors import EncoderError

INPUT = "pixels"


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
    """Write `MODEL_FILE` and `FACTS_FILE`, and the files of texts if there are any.

    Raises:
        ValueError: the converted encoder has other rows.
    """
    photos = sample_photos(encoder.image_size)
    export(encoder.network, torch.from_numpy(photos[:2].copy()), folder / MODEL_FILE, INPUT)
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
        "texts": convert_texts(encoder, folder),
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
