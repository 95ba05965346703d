"""Alembic migrations to the schema of `catalog.database.models`."""
