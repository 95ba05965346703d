"""Merchandising rules applied to a search, and the positions of pinned products."""
