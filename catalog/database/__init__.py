"""The SQL side of the catalogue: connections, tables and the statements that rooms share."""
