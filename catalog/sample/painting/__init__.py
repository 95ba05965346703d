"""Paints garments: fabrics, patterns, light, background and camera."""
