"""What the shop sells: products and photos in SQL, read from sources, never seen as vectors."""
