"""The cache of photo vectors as Parquet files, which several machines may share.

Each `put` writes a new file, so writers need no lock. Small files are merged: each process merges
its own by and by, as a log-structured merge tree does, and what killed ones left when it closes.
Of two rows of one photo, the later one counts.
"""

import logging
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from engine.arrays import Float32
from engine.embedding.caches.cache import ROW, VectorCache
from engine.embedding.caches.parquet_files import (
    FULL,
    ParquetFiles,
    Part,
    Rows,
    opened,
    rows_in,
    span,
    width,
)

FAN = 32  # small files that are merged into one
SMALL = 1 << 20  # bytes of a file that is read as a whole even for a single row
TRIES = 5  # lists of files that are read while other processes merge them
DAMAGED = (pa.ArrowException, OSError, ValueError, KeyError, TypeError)
Wanted: TypeAlias = set[str] | pa.Array

log = logging.getLogger(__name__)


class ParquetCache(VectorCache):
    """See the module; files that are damaged or not ours are left out with one warning each.

    Args:
        place: a folder, or an address such as ``s3://bucket/path``.

    Raises:
        SettingsError: there is no such kind of place.
        CacheError: from every method, if the place cannot be read or written.
    """

    shared = True

    def __init__(self, place: str) -> None:
        self._files = ParquetFiles(place)
        self._own: dict[tuple[str, int], list[Part]] = defaultdict(list)  # by encoder and tier
        self._said: set[str] = set()

    def get(self, fingerprint: str, photos: Sequence[str], dim: int) -> dict[str, Float32]:
        """As `VectorCache.get`; of large files, only groups of rows that may have them are read."""
        found, harmed = self._get(fingerprint, set(photos), dim)
        self._warn(len(harmed - found.keys()))
        return found

    def stream(
        self, fingerprint: str, photos: Collection[str], dim: int
    ) -> Iterator[dict[str, Float32]]:
        """As `VectorCache.stream`: reads every file once, the latest first."""
        wanted = photos if isinstance(photos, set) else set(photos)
        harmed: set[str] = set()
        for rows in self._rows(fingerprint, wanted, dim) if wanted else ():
            harmed.update(rows.harmed)
            yield dict(zip(rows.photos, rows.vectors, strict=True))
        if harmed:
            self._warn(len(harmed - self._get(fingerprint, harmed, dim)[0].keys()))

    def put(self, fingerprint: str, rows: Mapping[str, Float32]) -> None:
        """Save rows by content hash, in one file for each length of a row."""
        lengths = defaultdict(list)
        for photo in sorted(rows):
            lengths[len(rows[photo])].append(photo)
        for photos in lengths.values():
            vectors = np.stack([np.asarray(rows[photo], dtype=ROW) for photo in photos])
            self._add(self._files.write(fingerprint, photos, vectors), 0)

    def count(self, fingerprint: str) -> int:
        """The number of cached rows; a photo that two processes embedded may count twice."""
        return sum(part.rows for part in self._files.parts(fingerprint)[0])

    def last_saved(self, count: int) -> list[str]:
        """The fingerprints that rows were saved of last, by the clocks of those who wrote."""
        latest = {
            fingerprint: parts[0].stamp
            for fingerprint in self._files.fingerprints()
            if (parts := self._files.parts(fingerprint)[0])
        }
        return sorted(latest, key=latest.__getitem__, reverse=True)[:count]

    def size_without(self, kept: Collection[str]) -> tuple[int, int]:
        """The number of rows of other encoders than these, and their bytes."""
        parts = [part for one in self._others(kept) for part in self._files.parts(one)[0]]
        return sum(part.rows for part in parts), sum(part.size for part in parts)

    def keep_only(self, kept: Collection[str]) -> None:
        """Delete the folders of other encoders than these."""
        for fingerprint in self._others(kept):
            self._files.remove_all(fingerprint)

    def close(self) -> None:
        """Merge small files."""
        written = {fingerprint for fingerprint, _ in self._own}
        for fingerprint in written:
            own = [
                part for (one, _), some in self._own.items() if one == fingerprint for part in some
            ]
            small = [part for part in self._files.parts(fingerprint)[0] if part.rows < FULL // 2]
            # Those of others that are still writing are read twice at worst.
            self._merge_all(small if len(small) > FAN else own)
        self._own.clear()

    def _others(self, kept: Collection[str]) -> list[str]:
        return [one for one in self._files.fingerprints() if one not in kept]

    def _get(
        self, fingerprint: str, wanted: set[str], dim: int
    ) -> tuple[dict[str, Float32], set[str]]:
        found: dict[str, Float32] = {}
        harmed: set[str] = set()
        some = sorted(wanted)
        for rows in self._rows(fingerprint, pa.array(some, pa.string()), dim, some) if some else ():
            for photo, row in zip(rows.photos, rows.vectors, strict=True):
                found.setdefault(photo, row)
            harmed.update(rows.harmed)
            if len(found) == len(some):
                break
        return found, harmed

    def _rows(
        self, fingerprint: str, wanted: Wanted, dim: int, some: Sequence[str] = ()
    ) -> Iterator[Rows]:
        """Wanted rows, the latest file first; of ``some`` photos only groups that may have them."""
        read: set[str] = set()
        for _ in range(TRIES):
            parts, others = self._files.parts(fingerprint)
            for name in others:
                self._ignore(fingerprint, name, "it is not named as one of ours")
            gone = False
            for part in parts:
                if part.name not in read:
                    try:
                        yield from self._rows_of(part, wanted, dim, some)
                    except FileNotFoundError:  # merged by another process: its rows are elsewhere
                        gone = True
                    else:
                        read.add(part.name)
            if not gone:
                return

    def _rows_of(
        self, part: Part, wanted: Wanted | None, dim: int | None, some: Sequence[str] = ()
    ) -> Iterator[Rows]:
        """The rows of a file, some at a time.

        Where a file is read by parts, the error of a damaged file cannot be told from that of a
        connection; the second time, it is read as a whole and these are apart.
        """
        if some and part.size > SMALL:
            try:
                with self._files.open(part) as source:
                    yield from _parsed(source, part.fingerprint, wanted, dim, some)
                return
            except FileNotFoundError:
                raise
            except DAMAGED:
                pass
        content = self._files.read(part)
        try:
            yield from _parsed(pa.BufferReader(content), part.fingerprint, wanted, dim, some)
        except DAMAGED as error:
            self._ignore(part.fingerprint, part.name, str(error))

    def _add(self, part: Part, tier: int) -> None:
        """Note an own file; where there are enough of its tier, merge them into the next."""
        if part.rows >= FULL:
            return
        parts = self._own[part.fingerprint, tier]
        parts.append(part)
        if len(parts) >= FAN or sum(one.rows for one in parts) >= FULL:
            self._own[part.fingerprint, tier] = []
            for merged in self._merge(parts):
                self._add(merged, tier + 1)

    def _merge_all(self, parts: Sequence[Part]) -> None:
        """Merge files into ones of up to `FULL` rows and one file more."""
        some: list[Part] = []
        for part in parts:
            some.append(part)
            if sum(one.rows for one in some) >= FULL:
                self._merge(some)
                some = []
        self._merge(some)

    def _merge(self, parts: Sequence[Part]) -> list[Part]:
        """Write the rows of some files into a new one for each length of a row, and remove them.

        If one of them is gone, another process merges them, and nothing is written.
        """
        if len(parts) < 2:
            return list(parts)
        found: dict[int, dict[str, Float32]] = defaultdict(dict)
        whole = []
        for part in sorted(parts, key=lambda part: part.name, reverse=True):
            try:
                rows = list(self._rows_of(part, None, None))
            except FileNotFoundError:
                return []
            if rows:
                whole.append(part)
            for some in rows:
                of_length = found[some.vectors.shape[1]]
                for photo, row in zip(some.photos, some.vectors, strict=True):
                    of_length.setdefault(photo, row)
        stamp = max((part.stamp for part in whole), default=0)
        merged = []
        for of_length in found.values():
            if photos := sorted(of_length):
                vectors = np.stack([of_length[photo] for photo in photos])
                merged.append(self._files.write(parts[0].fingerprint, photos, vectors, stamp))
        self._files.remove(whole)
        return merged

    def _warn(self, harmed: int) -> None:
        if harmed:
            log.warning(
                "%d rows of the vector cache %s were harmed, and are computed again.",
                harmed,
                self._files.shown,
            )

    def _ignore(self, fingerprint: str, name: str, reason: str) -> None:
        if name not in self._said:
            self._said.add(name)
            log.warning(
                "The file %s of encoder %s in the vector cache %s is left out: %s. Rows that are "
                "missing are computed again; delete the file.",
                name,
                fingerprint[:12],
                self._files.shown,
                reason,
            )


def _parsed(
    source: pa.NativeFile,
    fingerprint: str,
    wanted: Wanted | None,
    dim: int | None,
    some: Sequence[str],
) -> Iterator[Rows]:
    """Rows of an open file; errors as those of `rows_in`."""
    file = opened(source)
    if dim is not None and width(file) != dim:
        return
    for group in range(file.num_row_groups):
        if some and (ends := span(file, group)):
            at = bisect_left(some, ends[0])
            if at == len(some) or some[at] > ends[1]:
                continue
        yield rows_in(file, group, fingerprint, wanted)
