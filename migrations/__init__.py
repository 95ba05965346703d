"""The steps that bring a catalogue database to the schema of `catalog.models` (Alembic)."""
