"""What a reindex reports when it is done."""

from dataclasses import dataclass

from engine.embedding.reports import PhotoFailure


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """What one reindex did. ``published`` is False when what was live was still true.

    ``photos`` counts different photos, ``products`` those that have a row. ``failures`` holds
    what could not be read, and ``notes`` what else a person should know. Where a delta was
    published, or was still true, ``delta`` is its name, ``delta_products`` and ``delta_gone`` are
    what it adds and takes away, and ``photos`` those of its products.
    """

    generation: str
    published: bool
    products: int
    photos: int
    photos_embedded: int
    photos_failed: int
    recall_at_10: float
    seconds: float
    failures: tuple[PhotoFailure, ...] = ()
    notes: tuple[str, ...] = ()
    delta: str = ""
    delta_products: int = 0
    delta_gone: int = 0
