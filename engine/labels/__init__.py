"""Labels from attributes, titles and photos, and how products are split for validation."""
