"""Queries and gallery as two sets: people's photos against the products of a shop."""
