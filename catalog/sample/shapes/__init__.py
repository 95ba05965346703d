"""Outlines, parts, styles and colours: what garments are drawn from."""
