"""Filters on product fields: their values, and the same conditions in SQL."""
