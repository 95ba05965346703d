"""Words that are proposed for products which lack them; they never stand in for the shop's own."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice

from sqlalchemy import delete, func, insert, select

from catalog.database.database import Database
from catalog.database.desk_models import ProposalRow

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """A word for an attribute that a product lacks.

    Attributes:
        product_id: the product.
        attribute: such as ``category`` or ``colour``.
        word: the proposed word.
        confidence: the probability that it is right, in (0, 1).
        note: what speaks for it, in words.
    """

    product_id: str
    attribute: str
    word: str
    confidence: float
    note: str


_COLUMNS = (
    ProposalRow.product_id,
    ProposalRow.attribute,
    ProposalRow.word,
    ProposalRow.confidence,
    ProposalRow.note,
)


class Proposals:
    """The proposals in the catalogue's database; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def replace(self, proposals: Iterable[Proposal]) -> None:
        """Keep these instead of all earlier ones; each product has one for an attribute."""
        some = iter(proposals)
        with self._db.write() as connection, connection.begin():
            connection.execute(delete(ProposalRow))
            while batch := list(islice(some, _BATCH)):
                values = [asdict(one) for one in batch]
                connection.execute(insert(ProposalRow), values)

    def page(self, page: int, per_page: int) -> tuple[list[Proposal], int]:
        """One page of the proposals, the surest first, and the number of all.

        Args:
            page: from 1.
            per_page: proposals a page.
        """
        order = (ProposalRow.confidence.desc(), ProposalRow.product_id, ProposalRow.attribute)
        query = select(*_COLUMNS).order_by(*order).limit(per_page).offset((page - 1) * per_page)
        with self._db.read() as connection:
            total = connection.scalar(select(func.count()).select_from(ProposalRow)) or 0
            return [Proposal(*row) for row in connection.execute(query)], total
