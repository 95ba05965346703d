"""A map of the catalogue: products that look alike lie side by side, in two dimensions."""
