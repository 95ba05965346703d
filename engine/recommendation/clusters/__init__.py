"""Seed clusters, and how their results share a panel: turns, variety, no duplicates."""
