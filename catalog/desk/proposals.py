"""Words that are proposed for products which lack them; they never stand in for the shop's own.

The desk accepts or dismisses them, see `catalog.desk.word_decisions`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, TypeVarTuple

from sqlalchemy import Connection, Select, delete, func, insert, select

from catalog.database.database import Database
from catalog.database.desk_models import ProposalRow, WordDecisionRow

_BATCH = 1_000
MOST_NEIGHBOURS = 6  # that are kept

Columns = TypeVarTuple("Columns")
Key = tuple[str, str, str]  # product id, attribute, word


@dataclass(frozen=True, slots=True)
class Proposal:
    """A word for an attribute that a product lacks.

    Attributes:
        product_id: the product.
        attribute: such as ``category`` or ``colour``.
        word: the proposed word.
        confidence: the probability that it is right, in (0, 1).
        note: what speaks for it, in words.
        neighbours: ids of products that voted, each with its word, the nearest first.
    """

    product_id: str
    attribute: str
    word: str
    confidence: float
    note: str
    neighbours: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> Key:
        """What a decision is about."""
        return self.product_id, self.attribute, self.word

    def values(self) -> dict[str, Any]:
        """The columns of its row."""
        kept = [list(one) for one in self.neighbours[:MOST_NEIGHBOURS]]
        return asdict(self) | {"neighbours": kept}


COLUMNS = (
    ProposalRow.product_id,
    ProposalRow.attribute,
    ProposalRow.word,
    ProposalRow.confidence,
    ProposalRow.note,
    ProposalRow.neighbours,
)


class Proposals:
    """The proposals in the catalogue's database; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def replace(self, proposals: Iterable[Proposal]) -> int:
        """Keep these instead of all earlier ones, without those that were decided on.

        Each product has one for an attribute.

        Returns:
            The number that was kept.
        """
        some, kept = iter(proposals), 0
        with self._db.write() as connection, connection.begin():
            connection.execute(delete(ProposalRow))
            while batch := list(islice(some, _BATCH)):
                decided = _decided(connection, [one.product_id for one in batch])
                values = [one.values() for one in batch if one.key not in decided]
                if values:
                    connection.execute(insert(ProposalRow), values)
                kept += len(values)
        return kept

    def page(
        self, page: int, per_page: int, attribute: str | None = None
    ) -> tuple[list[Proposal], int]:
        """One page of the proposals, the surest first, and the number of all.

        Args:
            page: from 1.
            per_page: proposals a page.
            attribute: only those for this one.
        """
        order = (ProposalRow.confidence.desc(), ProposalRow.product_id, ProposalRow.attribute)
        query = _for(select(*COLUMNS), attribute).order_by(*order)
        count = _for(select(func.count()).select_from(ProposalRow), attribute)
        with self._db.read() as connection:
            total = connection.scalar(count) or 0
            rows = connection.execute(query.limit(per_page).offset((page - 1) * per_page))
            return [proposal_of(row) for row in rows], total

    def attributes(self) -> dict[str, int]:
        """Attribute -> the number of proposals for it, by name."""
        query = select(ProposalRow.attribute, func.count()).group_by(ProposalRow.attribute)
        with self._db.read() as connection:
            return dict(sorted((name, count) for name, count in connection.execute(query)))


def proposal_of(row: Sequence[Any]) -> Proposal:
    """From the columns `COLUMNS`, in this order."""
    product_id, attribute, word, confidence, note, neighbours = row
    voters = tuple((one, theirs) for one, theirs in neighbours or ())
    return Proposal(product_id, attribute, word, confidence, note, voters)


def _for(query: Select[*Columns], attribute: str | None) -> Select[*Columns]:
    return query if attribute is None else query.where(ProposalRow.attribute == attribute)


def _decided(connection: Connection, product_ids: Sequence[str]) -> set[Key]:
    row = WordDecisionRow
    query = select(row.product_id, row.attribute, row.word).where(row.product_id.in_(product_ids))
    return {(product_id, name, word) for product_id, name, word in connection.execute(query)}
