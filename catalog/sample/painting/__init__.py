"""How a garment becomes pixels: fabrics, patterns, light and the scene around it."""
