"""The sample catalogue: drawn garments whose attributes are known exactly."""

from catalog.sample.draw import draw_catalogue

__all__ = ["draw_catalogue"]
