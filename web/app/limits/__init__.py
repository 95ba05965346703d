"""Limits of what visitors may ask for: requests an address, and heavy work at once."""
