"""Variants of a product, as shop systems export them: each colour becomes one product."""
