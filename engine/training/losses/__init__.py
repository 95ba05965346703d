"""Distances, miners and losses of the triplet stage."""
