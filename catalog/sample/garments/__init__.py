"""Builders of garments, one file per group of kinds, and the wardrobe that lists them."""
