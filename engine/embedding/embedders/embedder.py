"""The interface of what embeds photos, batch by batch."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from catalog.photos.decode_squares import PhotoFile
from engine.arrays import Float32
from engine.embedding.reports import PhotoFailure


class EmbeddedBatch(NamedTuple):
    """Some photos that were embedded.

    Attributes:
        rows: content hash -> unit row ``(D,)`` float32.
        failures: the photos that could not be read.
    """

    rows: dict[str, Float32]
    failures: tuple[PhotoFailure, ...]


class Embedder(Protocol):
    """Embeds photos by one encoder."""

    @property
    def fingerprint(self) -> str:
        """That of the encoder."""

    def embed(self, photos: Sequence[PhotoFile]) -> Iterator[EmbeddedBatch]:
        """Embed photos, each content once; each is in one batch, and batches come in any order.

        Raises:
            EncoderError: the encoder returned rows that are no unit rows, or cannot be loaded.
            DecodeError: a process that decodes died.
            EmbedderError: the machines that embed cannot be used.
        """
