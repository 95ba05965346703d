"""What every source of rows shares: columns, records, row digests and text files."""
