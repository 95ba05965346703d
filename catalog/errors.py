"""Everything that can go wrong with a catalogue.

CatalogError
├── SettingsError            a setting is missing or makes no sense
├── DatabaseError            the database cannot be reached or is not at our schema
│   └── MigrationNeeded      the schema is older or newer than this code
│       └── SchemaBehind     it is missing or older, so that a migration helps
├── SourceError              a whole source cannot be read (missing, unknown format, no id column)
├── RecordError              one row of a source is unusable; the rest goes on
├── PhotoError               one photo is unusable; its product stays
└── UnknownProduct           no product has this id

Each message says what was wrong, where, and what to do next.
"""


class CatalogError(Exception):
    """Base of every error that the catalogue raises on purpose."""


class SettingsError(CatalogError):
    """A setting is missing or makes no sense."""


class DatabaseError(CatalogError):
    """The database cannot be reached, or does not hold our schema."""


class MigrationNeeded(DatabaseError):
    """The database schema and this code are of different versions."""


class SchemaBehind(MigrationNeeded):
    """The schema is missing or older than this code: `Database.migrate` helps."""


class SourceError(CatalogError):
    """A whole source cannot be read."""


class RecordError(CatalogError):
    """One row of a source is unusable."""


class PhotoError(CatalogError):
    """One photo is unusable.

    ``code`` is a short stable word for statistics: ``missing``, ``outside``, ``empty``,
    ``too_large``, ``not_an_image``, ``truncated``, ``pixels``, ``remote``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnknownProduct(CatalogError):
    """No product in the catalogue has this id."""

    def __init__(self, product_id: str) -> None:
        super().__init__(
            f"No product has the id {product_id!r}. "
            "List ids with `lookalike products`, or ingest the source that holds it."
        )
        self.product_id = product_id
