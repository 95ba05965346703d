"""The errors of the catalogue.

CatalogError
├── SettingsError            a setting is missing or invalid
├── DatabaseError            the database cannot be reached or has another schema
│   └── MigrationNeeded      its schema is older or newer than this code
│       ├── SchemaBehind     it is missing or older, so a migration helps
│       └── SchemaAhead      it is newer, so only an upgrade of Lookalike helps
├── StorageError             a file cannot be written: the disk is full or read-only
├── SourceError              a whole source cannot be read (missing, unknown format, no id column)
├── RecordError              one row of a source is invalid; the others are read
├── PhotoError               one photo is invalid; its product stays
├── DecoderDied              a process that decodes photos died
├── FetchError               an address could not be downloaded, or must not be requested
├── Busy                     another process holds the lock
├── HookError                a webhook's payload is invalid, or cannot be applied yet
├── UnknownProduct           no product has this id
├── FilterError              a filter has an unknown field or an invalid value
├── ShopSettingError         a setting of the shop, made at its desk, is invalid
├── RuleError                a merchandising rule is invalid
├── RuleFileError            a file of rules is invalid; none of it was imported
└── UnknownRule              no rule has this name

Each message says what was wrong, where, and what to do next.
"""


class CatalogError(Exception):
    """Base class of the errors that the catalogue raises."""


class SettingsError(CatalogError):
    """A setting is missing or invalid."""


class DatabaseError(CatalogError):
    """The database cannot be reached, or has another schema."""


class MigrationNeeded(DatabaseError):
    """The schema of the database is older or newer than this code."""


class SchemaBehind(MigrationNeeded):
    """The schema is missing or older than this code: `Database.migrate` helps."""


class SchemaAhead(MigrationNeeded):
    """The schema is newer than this code: only an upgrade of Lookalike helps."""


class StorageError(CatalogError):
    """A file cannot be written: the disk is full or read-only."""


class SourceError(CatalogError):
    """A whole source cannot be read."""


class RecordError(CatalogError):
    """One row of a source is invalid."""


class PhotoError(CatalogError):
    """One photo is invalid.

    ``code`` is a short stable word for statistics: ``missing``, ``outside``, ``empty``,
    ``too_large``, ``not_an_image``, ``truncated``, ``pixels``, ``remote``, ``slow``, ``changed``,
    ``tiny``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class DecoderDied(CatalogError):
    """A process that decodes photos died: killed for its memory, or crashed by a photo."""


class FetchError(CatalogError):
    """An address could not be downloaded, or must not be requested.

    ``code`` is a short stable word for statistics: ``address``, ``not_public``, ``dns``,
    ``connection``, ``tls``, ``timeout``, ``protocol``, ``redirects``, ``encoding``, ``cut_off``,
    ``too_large``, ``host_down`` or ``http_`` and a status. ``wait`` is the server's Retry-After in
    seconds.
    """

    def __init__(self, code: str, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.wait = wait


class Busy(CatalogError):
    """Another process holds the lock."""


class HookError(CatalogError):
    """A webhook's payload is invalid, or cannot be applied yet."""


class UnknownProduct(CatalogError):
    """No product in the catalogue has this id."""

    def __init__(self, product_id: str) -> None:
        super().__init__(
            f"No product has the id {product_id!r}. "
            "List ids with `lookalike products`, or ingest the source that holds it."
        )
        self.product_id = product_id


class FilterError(CatalogError, ValueError):
    """A filter is invalid.

    ``code`` is ``unknown-field``, ``bad-type`` (a value of the wrong type, or a word that the field
    does not have) or ``bad-range`` (out of bounds, too many, or an empty range).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ShopSettingError(CatalogError):
    """A setting of the shop is invalid; ``field`` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class RuleError(CatalogError):
    """A merchandising rule is invalid.

    ``field`` is the invalid field and ``code`` a short stable word: ``missing``, ``superfluous``,
    ``unknown-field``, ``unknown-action``, ``bad-type``, ``bad-text``, ``bad-position``,
    ``bad-amount``, ``bad-date``, ``bad-scope``, ``exists``, or ``where-`` and a filter's code.
    """

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field


class RuleFileError(CatalogError):
    """A file of rules is invalid; ``problems`` has one line of text for each mistake."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class UnknownRule(CatalogError):
    """No rule has this name."""

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"No rule is called {rule_id!r}. List them with `lookalike rules list`.")
        self.rule_id = rule_id
