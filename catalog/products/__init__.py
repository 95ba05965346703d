"""The read side of the catalogue: products, photos and facts."""
