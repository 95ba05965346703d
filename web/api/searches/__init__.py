"""Searches of the API that begin with words."""
