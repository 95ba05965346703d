"""Search in words: pages of the grid, and the API."""
