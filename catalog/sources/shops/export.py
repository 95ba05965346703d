"""A shop system's product export, of which each module of this room knows one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from catalog.errors import SourceError
from catalog.records import ProductRecord, Rejection
from catalog.sources.base import RowError
from catalog.sources.rows.columns import normal_name
from catalog.sources.rows.text_file import detect_delimiter, read_csv, scan
from catalog.sources.shops import bigcommerce, magento, prestashop, woocommerce
from catalog.sources.shops.cells import NamedRow

MAX_BYTES = 1_000_000_000  # variants may stand anywhere, so all products are held in memory
Entries = Iterator[ProductRecord | Rejection]
Read = Callable[[Iterator[tuple[int, NamedRow]], datetime], Entries]


@dataclass(frozen=True, slots=True)
class ShopSystem:
    """How the export of one shop system is recognised and read.

    Attributes:
        name: as its makers write it.
        translated: column names -> the English ones; the normal names of both.
        recognises: whether these are the normal, English names of its columns.
        unknown: the version of an export that is not read, by its names; None for any other file.
        read: our products of its rows, with the moment that decides about sales.
    """

    name: str
    translated: Callable[[str], str]
    recognises: Callable[[frozenset[str]], bool]
    unknown: Callable[[frozenset[str]], str | None]
    read: Read


SYSTEMS = {
    "woocommerce-csv": ShopSystem(
        "WooCommerce", woocommerce.english, woocommerce.recognises, lambda _: None, woocommerce.read
    ),
    "magento-csv": ShopSystem(
        "Magento 2", lambda name: name, magento.recognises, magento.unknown, magento.read
    ),
    "prestashop-csv": ShopSystem(
        "PrestaShop", prestashop.english, prestashop.recognises, lambda _: None, prestashop.read
    ),
    "bigcommerce-csv": ShopSystem(
        "BigCommerce", lambda n: n, bigcommerce.recognises, bigcommerce.unknown, bigcommerce.read
    ),
}


def shop_format(header: list[str]) -> str | None:
    """The format of a shop system's export by its column names, or None.

    Raises:
        SourceError: it is the export of a version that is not read.
    """
    plain = [normal_name(column) for column in header]
    for format, system in SYSTEMS.items():
        names = frozenset(map(system.translated, plain))
        if system.recognises(names):
            return format
        if version := system.unknown(names):
            raise SourceError(
                f"This is a product export of {version}, which is not read. Export the products "
                f"from {system.name} in its usual CSV format, or name the columns with --columns."
            )
    return None


@dataclass(frozen=True)
class ShopExport:
    """The product export of a shop system. Use `open_shop_export`.

    A sale price counts if the sale's dates include ``at``, the time of reading.
    """

    path: Path
    name: str
    format: str
    root: Path
    encoding: str
    delimiter: str
    rows: int
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def records(self) -> Entries:
        """See `catalog.sources.base.Source`."""
        system = SYSTEMS[self.format]
        rejected: list[Rejection] = []
        try:
            yield from system.read(self._rows(system, rejected), self.at)
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{self.path} cannot be read to its end: {error}.") from error
        yield from rejected

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`; an upper bound, as a product may have several rows."""
        return self.rows

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        name = SYSTEMS[self.format].name
        return f"{self.format} file {self.path}: {name}'s product export, one product a colour"

    def _rows(
        self, system: ShopSystem, rejected: list[Rejection]
    ) -> Iterator[tuple[int, NamedRow]]:
        names: dict[str, str] = {}
        for line, row in read_csv(self.path, self.encoding, self.delimiter)[1]:
            if isinstance(row, RowError):
                rejected.append(Rejection(line, None, "row", row.code, str(row)))
                continue
            if not names:
                names = {column: system.translated(normal_name(column)) for column in row}
            yield line, {names[column]: value for column, value in row.items()}


def open_shop_export(
    path: Path, format: str, *, name: str, encoding: str | None = None
) -> ShopExport:
    """Opens a shop system's product export.

    Raises:
        SourceError: it cannot be read, is empty, too large for memory, or another file.
    """
    if path.stat().st_size > MAX_BYTES:
        raise SourceError(f"{path} has more than {MAX_BYTES:,} bytes. Export it in parts.")
    encoding, lines = scan(path, encoding)
    delimiter = detect_delimiter(path, encoding)
    header = read_csv(path, encoding, delimiter)[0]
    if shop_format(header) != format:
        raise SourceError(
            f"{path} does not have the columns of {SYSTEMS[format].name}'s product export."
        )
    root = path.resolve().parent
    return ShopExport(path, name, format, root, encoding, delimiter, max(0, lines - 1))
