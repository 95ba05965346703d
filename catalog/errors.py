"""Everything that can go wrong with a catalogue.

CatalogError
├── SettingsError            a setting is missing or makes no sense
├── DatabaseError            the database cannot be reached or is not at our schema
│   └── MigrationNeeded      the schema is older or newer than this code
│       └── SchemaBehind     it is missing or older, so that a migration helps
├── StorageError             a file of ours cannot be written: the disk is full, or read-only
├── SourceError              a whole source cannot be read (missing, unknown format, no id column)
├── RecordError              one row of a source is unusable; the rest goes on
├── PhotoError               one photo is unusable; its product stays
├── DecoderDied              a process that decodes photos died
├── FetchError               an address cannot be had, or must not be asked
├── Busy                     another process does the same in this home
├── HookError                a webhook's payload makes no sense, or not yet
├── UnknownProduct           no product has this id
├── FilterError              a filter names an unknown field, or a value that makes no sense
├── RuleError                a rule of the shop makes no sense
├── RuleFileError            a file of rules has mistakes; none of it was taken
└── UnknownRule              no rule has this name

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


class StorageError(CatalogError):
    """A file of ours cannot be written: the disk is full, or read-only."""


class SourceError(CatalogError):
    """A whole source cannot be read."""


class RecordError(CatalogError):
    """One row of a source is unusable."""


class PhotoError(CatalogError):
    """One photo is unusable.

    ``code`` is a short stable word for statistics: ``missing``, ``outside``, ``empty``,
    ``too_large``, ``not_an_image``, ``truncated``, ``pixels``, ``remote``, ``slow``, ``changed``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class DecoderDied(CatalogError):
    """A process that decodes photos died: killed for its memory, or crashed by a photo."""


class FetchError(CatalogError):
    """An address cannot be had, or must not be asked.

    ``code`` is a short stable word for statistics: ``address``, ``not_public``, ``dns``,
    ``connection``, ``tls``, ``timeout``, ``protocol``, ``redirects``, ``encoding``, ``cut_off``,
    ``too_large``, ``host_down`` or ``http_`` and a status. ``wait`` is how many seconds the server
    asked us to wait.
    """

    def __init__(self, code: str, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.wait = wait


class Busy(CatalogError):
    """Another process does the same in this home."""


class HookError(CatalogError):
    """A webhook's payload makes no sense, or not yet."""


class UnknownProduct(CatalogError):
    """No product in the catalogue has this id."""

    def __init__(self, product_id: str) -> None:
        super().__init__(
            f"No product has the id {product_id!r}. "
            "List ids with `lookalike products`, or ingest the source that holds it."
        )
        self.product_id = product_id


class FilterError(CatalogError, ValueError):
    """A filter makes no sense.

    ``code`` is ``unknown-field``, ``bad-type`` (a value of the wrong kind, or a word that the field
    does not know) or ``bad-range`` (out of bounds, too many, or a range that is empty).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RuleError(CatalogError):
    """A rule of the shop makes no sense.

    ``field`` is the field at fault and ``code`` a short stable word: ``missing``, ``superfluous``,
    ``unknown-field``, ``unknown-action``, ``bad-type``, ``bad-text``, ``bad-position``,
    ``bad-amount``, ``bad-date``, ``bad-scope``, ``exists``, or ``where-`` and a filter's code.
    """

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field


class RuleFileError(CatalogError):
    """A file of rules has mistakes; ``problems`` has one line of text for each."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class UnknownRule(CatalogError):
    """No rule has this name."""

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"No rule is called {rule_id!r}. List them with `lookalike rules list`.")
        self.rule_id = rule_id
