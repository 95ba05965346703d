"""Where catalogues come from: files of rows, public data set layouts, folders of photos."""

from catalog.sources.base import Source
from catalog.sources.detect import FORMATS, open_source

__all__ = ["FORMATS", "Source", "open_source"]
