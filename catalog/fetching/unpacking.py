"""Bodies that a server packed for the way, unpacked as they come in."""

import zlib
from collections.abc import Iterator

from catalog.errors import FetchError
from catalog.fetching.addresses import Address

CHUNK = 1 << 16


class Unpacker:
    """Unpacks gzip a piece at a time, so that a bomb is noticed and not held."""

    def __init__(self, at: Address) -> None:
        self._at = at
        self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def complete(self) -> bool:
        """Whether its end was there."""
        return self._gzip.eof

    def pieces(self, packed: bytes) -> Iterator[bytes]:
        """What comes out of the next bytes, a little at a time.

        Raises:
            FetchError: ``encoding``: it is no gzip.
        """
        while packed:
            try:
                piece = self._gzip.decompress(packed, CHUNK)
            except zlib.error as error:
                raise FetchError(
                    "encoding", f"{self._at.shown} is not in the gzip encoding that it names."
                ) from error
            yield piece
            if self._gzip.eof:
                return
            packed = self._gzip.unconsumed_tail


def unpacker(encoding: str, at: Address) -> Unpacker | None:
    """What unpacks a body of this Content-Encoding; None if it is not packed.

    Raises:
        FetchError: ``encoding``: one that was not asked for.
    """
    named = encoding.lower()
    if named in ("", "identity"):
        return None
    if named in ("gzip", "x-gzip"):
        return Unpacker(at)
    raise FetchError("encoding", f"{at.shown} comes in the encoding {named[:40]!r}, unasked.")
