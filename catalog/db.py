"""`Database` under its public name; the code is in `catalog.database`."""

from catalog.database.database import Database

__all__ = ["Database"]
