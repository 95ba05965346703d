"""An encoder that ONNX Runtime computes on the CPU."""

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from catalog.photos import preprocess
from engine.arrays import Float32, UInt8
from engine.encoders.encoder import TextEncoder, check_pixels
from engine.encoders.facets import FacetLayout
from engine.encoders.runtime.store import FACTS_FILE, MODEL_FILE, file_digest

CHUNK = 4  # photos that a thread computes at a time: as fast as more, in less memory


def usable_cores() -> int:
    """Cores that this process may use; all of them where the system does not say."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class OnnxEncoder:
    """An `engine.encoders.encoder.Encoder` without torch; threads may share it.

    Args:
        name: the value of the setting that named it.
        folder: of the converted encoder, as `engine.encoders.runtime.store.converted` returns it.
        threads: compute several photos at a time; 0: one for each core that the process may use.
        load_texts: loads the encoder of texts by torch; called at the first text if the text tower
            was not converted, or changed on disk.

    Raises:
        OSError, ValueError, RuntimeError: the folder is damaged.
    """

    def __init__(
        self, name: str, folder: Path, threads: int, load_texts: Callable[[], TextEncoder]
    ) -> None:
        self.name = name
        facts = json.loads((folder / FACTS_FILE).read_text())
        if file_digest(folder / MODEL_FILE) != facts["sha256"]:  # its rows would be other ones
            raise ValueError(f"the digest of {MODEL_FILE} does not match")
        self.fingerprint: str = facts["fingerprint"]
        self.image_size: int = facts["image_size"]
        self.layout = FacetLayout.of(facts["facets"], facts["weights"], facts["photo_weights"])
        self.has_texts: bool = facts["has_texts"]
        self._folder, self._text_digests = folder, facts["texts"]
        self._load_texts = load_texts
        self._encode_texts: Callable[[Sequence[str]], Float32] | None = None
        # Each thread computes photos of its own. Threads that share each step of a photo wait for
        # the slowest at every step, and processes that decode take the cores again and again.
        self._cores = threads or usable_cores()
        self._threads = ThreadPoolExecutor(self._cores, "encode")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
        )

    def encode_pixels(self, pixels: UInt8) -> Float32:
        """Rows ``(N, D)`` float32 of squares ``(N, S, S, 3)`` uint8; see `Encoder`."""
        check_pixels(pixels, self.image_size)
        chunks = [pixels[at : at + CHUNK] for at in range(0, len(pixels), CHUNK)]
        if len(chunks) == 1:
            return self._rows(chunks[0])
        rows = [np.zeros((0, self.layout.dim), dtype=np.float32)]
        return np.concatenate([*rows, *self._threads.map(self._rows, chunks)])

    def _rows(self, pixels: UInt8) -> Float32:
        (rows,) = self._session.run(None, {"pixels": np.ascontiguousarray(pixels)})
        found: Float32 = rows
        return found

    def encode(self, images: Sequence[Image.Image]) -> Float32:
        """Rows ``(N, D)`` float32 of Pillow images of any size and mode."""
        return self.encode_pixels(preprocess.to_squares(images, self.image_size))

    def encode_texts(self, texts: Sequence[str]) -> Float32:
        """Rows ``(N, D)`` float32 of texts.

        Raises:
            RequestError: the model was not trained with texts.
            EncoderUnavailable: its tokenizer is not available.
        """
        if self._encode_texts is None:
            self._encode_texts = self._text_rows() or self._load_texts().encode_texts
        return self._encode_texts(texts)

    def _text_rows(self) -> Callable[[Sequence[str]], Float32] | None:
        """What embeds texts without torch; None where torch is to."""
        try:
            from engine.encoders.runtime.texts import TextRows

            changed = [
                file
                for file, digest in self._text_digests.items()
                if file_digest(self._folder / file) != digest
            ]
            if changed or not self._text_digests:
                return None
            return TextRows(self._folder, self._cores).encode
        except (ImportError, OSError):
            return None
