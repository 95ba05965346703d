"""From photos to cached vectors."""
