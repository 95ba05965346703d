"""Photo files: opened within limits, checked, and decoded in confined processes."""
