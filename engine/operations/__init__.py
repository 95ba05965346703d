"""Keeping catalogue and index up to date, and reporting their state."""
