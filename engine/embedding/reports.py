"""The report of an embedding: photos that could not be read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhotoFailure:
    """A photo that could not be read, and why."""

    path: str
    reason: str
