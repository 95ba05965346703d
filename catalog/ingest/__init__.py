"""From a source to SQL, batch by batch."""

from catalog.ingest.run import ingest

__all__ = ["ingest"]
