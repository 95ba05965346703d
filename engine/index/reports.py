"""The report of a reindex."""

from dataclasses import dataclass

from engine.embedding.reports import PhotoFailure


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """What one reindex did.

    Attributes:
        generation: name of the live generation.
        published: False if nothing had changed.
        products: the number of products with a row.
        photos: the number of different photos; of a delta's products if there is a delta.
        photos_embedded, photos_failed: of these, those that were embedded now, and those that
            could not be read.
        recall_at_10: measured recall of the index.
        seconds: time that it took.
        failures: the photos that could not be read.
        notes: further messages for people.
        delta: name of the live delta; empty if there is none.
        delta_products, delta_gone: the number of products in the delta, and that it removes.
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
