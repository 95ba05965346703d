"""The map of the catalogue in the storefront."""
