"""Styles in the storefront: groups of products that look alike."""
