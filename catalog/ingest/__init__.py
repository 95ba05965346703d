"""Ingests sources: reads them in batches, checks photos and writes what changed."""

from catalog.ingest.run import ingest

__all__ = ["ingest"]
