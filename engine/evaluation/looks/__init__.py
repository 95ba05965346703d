"""Yardsticks for looks: same design in another colour, recoloured views, cuts within a type."""
