"""What the catalogue says of a generation's products, as columns that processes share."""
