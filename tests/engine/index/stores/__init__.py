"""Tests of what holds the rows of generations."""
