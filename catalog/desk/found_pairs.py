"""Pairs that look like one thing, as the last search found them, for the desk's pages."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice

from sqlalchemy import delete, exists, func, insert, select

from catalog.database.database import Database
from catalog.database.desk_models import DecisionRow, FoundPairRow
from catalog.desk.decisions import Kind

MOST_PAIRS = 100_000  # that are kept of a search
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class FoundPair:
    """A pair as in `catalog.desk.decisions.Decision`, and why it was found.

    Attributes:
        first, second: two products, or a product and a photo's content hash.
        cosine: of their rows, or of a photo with the most alike other photo of its product.
        difference: between photos, in 0 to 255; None where it does not tell.
        note: the reason in words.
    """

    first: str
    second: str
    cosine: float
    difference: float | None
    note: str


_COLUMNS = (
    FoundPairRow.first,
    FoundPairRow.second,
    FoundPairRow.cosine,
    FoundPairRow.difference,
    FoundPairRow.note,
)


class FoundPairs:
    """The pairs in the catalogue's database; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def replace(self, kind: Kind, pairs: Iterable[FoundPair]) -> int:
        """Keep these instead of those of the last search, `MOST_PAIRS` at most; their number."""
        some, count = iter(pairs), 0
        with self._db.write() as connection, connection.begin():
            connection.execute(delete(FoundPairRow).where(FoundPairRow.kind == kind))
            while count < MOST_PAIRS and (batch := list(islice(some, _BATCH))):
                values = [{"kind": kind} | asdict(one) for one in batch]
                connection.execute(insert(FoundPairRow), values)
                count += len(batch)
        return count

    def open_pairs(self, kind: Kind, page: int, per_page: int) -> tuple[list[FoundPair], int]:
        """One page of the pairs that were not decided on, the most alike first; and their number.

        Args:
            kind: of the pairs.
            page: from 1.
            per_page: pairs a page.
        """
        decided = exists().where(
            DecisionRow.kind == FoundPairRow.kind,
            DecisionRow.first == FoundPairRow.first,
            DecisionRow.second == FoundPairRow.second,
        )
        waiting = (FoundPairRow.kind == kind, ~decided)
        alike = FoundPairRow.cosine.desc() if kind == "product" else FoundPairRow.cosine
        order = (alike, FoundPairRow.first, FoundPairRow.second)
        query = select(*_COLUMNS).where(*waiting).order_by(*order)
        query = query.limit(per_page).offset((page - 1) * per_page)
        counted = select(func.count()).select_from(FoundPairRow).where(*waiting)
        with self._db.read() as connection:
            total = connection.scalar(counted) or 0
            return [FoundPair(*row) for row in connection.execute(query)], total
