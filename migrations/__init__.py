"""Alembic migrations: they bring a database to the schema of `catalog.database.models`."""
