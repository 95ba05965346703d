"""The storefront: grid, product page, photo search, wishlist and report."""
