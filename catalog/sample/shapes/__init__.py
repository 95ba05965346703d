"""Outlines, parts, styles and colours of garments."""
