"""The catalogue in SQL: connections, tables and shared statements."""
