"""Styles: groups of products that look alike, found in the neighbour graph of the index."""
