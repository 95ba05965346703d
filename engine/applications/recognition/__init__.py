"""Recognition: what a product is, by its nearest neighbours in the facet that knows."""
