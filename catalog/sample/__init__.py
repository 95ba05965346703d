"""The sample catalogue: garments that this package draws itself, with known facts."""

from catalog.sample.draw import draw_catalogue

__all__ = ["draw_catalogue"]
