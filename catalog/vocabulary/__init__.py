"""Parses what feeds write: prices, stock, gender, categories, synonyms."""
