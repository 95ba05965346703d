"""The wardrobe of the sample shop: one file a kind of garment."""
