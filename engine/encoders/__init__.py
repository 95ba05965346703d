"""Encoders: image towers, facet heads, preprocessing and how each is loaded."""
