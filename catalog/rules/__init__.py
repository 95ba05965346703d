"""Merchandising rules: pins, blocks, boosts and more, with their scopes and times."""
