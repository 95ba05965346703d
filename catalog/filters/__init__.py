"""Filters on product fields, in Python and in SQL."""
