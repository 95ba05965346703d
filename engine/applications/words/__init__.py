"""Search in words: what a text wishes for, and the products that look and are called so."""
