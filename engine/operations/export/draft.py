"""What an export has computed so far, beside its file: a run that was killed goes on from it.

The first line says what the lists depend on; each further line is one list. A line that a kill cut
off is computed again.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from engine.operations.export.lists import LookAlike, LookAlikes, State


class Draft:
    """The lists of an unfinished export, in a file beside it.

    Args:
        out: the file that the export is for.
        state: what the lists depend on; lists of another state are dropped.
    """

    def __init__(self, out: Path, state: State) -> None:
        self.path = out.with_name(f".{out.name}.part")
        self._header = json.dumps(asdict(state))
        self.known: set[str] = set()
        self.restarted = False
        self._open()

    def _open(self) -> None:
        """Keep the whole lines of a draft of the same state, otherwise begin a new one."""
        kept = 0
        if self.path.exists():
            with self.path.open("rb") as stream:
                if stream.readline() == f"{self._header}\n".encode():
                    kept = stream.tell()
                    for line in stream:
                        if not line.endswith(b"\n"):
                            break
                        self.known.add(json.loads(line)[0])
                        kept += len(line)
                else:
                    self.restarted = True
        self._stream = self.path.open("r+b" if kept else "wb")
        self._stream.truncate(kept)
        self._stream.seek(kept)
        if not kept:
            self._stream.write(f"{self._header}\n".encode())

    def add(self, lists: Iterable[LookAlikes]) -> None:
        """Append lists, and write them to the disk."""
        for one in lists:
            self._stream.write(json.dumps(one, ensure_ascii=False).encode() + b"\n")
            self.known.add(one.product_id)
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def lists(self) -> Iterator[LookAlikes]:
        """All lists, in the order in which they were added."""
        self._stream.flush()
        with self.path.open("rb") as stream:
            next(stream)
            for line in stream:
                product_id, fallback, similar = json.loads(line)
                found = (
                    LookAlike(one, score, match, tuple(why)) for one, score, match, why in similar
                )
                yield LookAlikes(product_id, fallback, tuple(found))

    def close(self) -> None:
        """Close the file; it stays."""
        self._stream.close()

    def remove(self) -> None:
        """Remove the file: the export is whole."""
        self.close()
        self.path.unlink()
