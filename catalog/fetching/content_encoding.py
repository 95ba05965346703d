"""Decodes the Content-Encoding of response bodies, as they come in."""

import zlib
from collections.abc import Iterator

from catalog.errors import FetchError
from catalog.fetching.addresses import Address

CHUNK = 1 << 16


class GzipDecoder:
    """Decompresses gzip piece by piece, so that a gzip bomb is noticed before it fills memory."""

    def __init__(self, at: Address) -> None:
        self._at = at
        self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def complete(self) -> bool:
        """Whether the end of the stream was reached."""
        return self._gzip.eof

    def pieces(self, compressed: bytes) -> Iterator[bytes]:
        """The decompressed content of the next bytes, in pieces of at most `CHUNK` bytes.

        Raises:
            FetchError: with code ``encoding``: it is not gzip.
        """
        while compressed:
            try:
                piece = self._gzip.decompress(compressed, CHUNK)
            except zlib.error as error:
                raise FetchError(
                    "encoding", f"{self._at.shown} says that its body is gzip, and it is not."
                ) from error
            yield piece
            if self._gzip.eof:
                return
            compressed = self._gzip.unconsumed_tail


def decoder_for(encoding: str, at: Address) -> GzipDecoder | None:
    """The decoder of a Content-Encoding; None for a body that is sent as it is.

    Raises:
        FetchError: with code ``encoding``: one that the request did not accept.
    """
    named = encoding.lower()
    if named in ("", "identity"):
        return None
    if named in ("gzip", "x-gzip"):
        return GzipDecoder(at)
    raise FetchError(
        "encoding", f"{at.shown} is sent in the encoding {named[:40]!r}, which was not requested."
    )
