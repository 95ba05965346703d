"""Responses: the latest ones, kept to be given again, and their compression."""
