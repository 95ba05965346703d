"""The report of a reindex."""

from collections.abc import Mapping
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


def why_no_photo(counts: Mapping[str, int]) -> str:
    """Why there is nothing to index, and the command that helps."""
    start = "The catalogue has no photos, so there is nothing to index."
    if not counts["products"]:
        return f"{start} Run `lookalike ingest SOURCE` first."
    if waiting := counts["photos_waiting"]:
        return f"{start} {waiting:,} wait to be downloaded: run `lookalike fetch` first."
    if (failed := counts["photos_missing"]) and failed == counts["photos_refused"]:
        return (
            f"{start} The hosts of all {failed:,} are not public addresses: add those of your own "
            "to LOOKALIKE_FETCH_HOSTS, and run `lookalike fetch`."
        )
    if failed:
        return (
            f"{start} {failed:,} could not be downloaded: `lookalike fetch --failures FILE.csv` "
            "says why, and `lookalike fetch --again` retries them."
        )
    if rejected := counts["photos_rejected"]:
        return (
            f"{start} All {rejected:,} were rejected when they were ingested. Ingest the source "
            "again: its rejects file says why."
        )
    return (
        f"{start} None of its {counts['products']:,} products has a photo. Name the column of "
        "photo paths or addresses: `lookalike ingest SOURCE --columns photos=COLUMN`."
    )
