"""Catalogue sources: files of rows, feeds, DataFrames, public data sets, folders of photos."""

from catalog.sources.base import Source
from catalog.sources.detect import FORMATS, open_source

__all__ = ["FORMATS", "Source", "open_source"]
