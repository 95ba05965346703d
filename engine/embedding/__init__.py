"""Embedding photos into a cache of vectors, and pooling them to products."""
