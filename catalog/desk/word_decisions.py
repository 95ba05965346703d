"""What the desk decided on proposed words: accepted, or dismissed.

An accepted word becomes the product's own as long as its source has none: pages, filters, searches
and recognition read it like any other, and later ingests keep it (`catalog.ingest.desk_words`). One
that is dismissed is not proposed again. Both can be undone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, false, func, or_, select, update

from catalog.database.database import Database
from catalog.database.desk_models import ProposalRow, WordDecisionRow
from catalog.database.models import ProductRow
from catalog.database.statements import bump_version, insert_for, lock_catalogue
from catalog.desk.proposals import COLUMNS, Key, Proposal, proposal_of
from catalog.ingest.desk_words import with_word, word_of
from catalog.ingest.stored import record_of, row_of
from catalog.records import ProductRecord
from catalog.utc import in_utc, utc_now

MOST = 200  # proposals that are decided on at once


@dataclass(frozen=True, slots=True)
class WordDecision:
    """A decision on a proposal.

    Attributes:
        proposal: what was proposed.
        accepted: False: it was dismissed.
        used: whether the product has the word from the desk; False also while its source has one.
        decided_at: when.
    """

    proposal: Proposal
    accepted: bool
    used: bool
    decided_at: datetime


_DECIDED = (
    WordDecisionRow.product_id,
    WordDecisionRow.attribute,
    WordDecisionRow.word,
    WordDecisionRow.confidence,
    WordDecisionRow.note,
    WordDecisionRow.neighbours,
)


class WordDecisions:
    """The decisions in the catalogue's database; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def decide(self, keys: Sequence[Key], accept: bool) -> tuple[list[Proposal], list[Proposal]]:
        """Accept or dismiss proposals, `MOST` at most; those that are none any more are left out.

        Returns:
            The proposals that were decided on, and of accepted ones those whose product has a word
            of its own by now, which stays; they are no proposals any more.
        """
        with self._db.write() as connection, connection.begin():
            lock_catalogue(connection)
            found = _proposals(connection, keys)
            done, late = found, list[Proposal]()
            if accept:
                done, late = _write_words(connection, found)
            moment = utc_now()
            for one in done:
                row = one.values() | {"accepted": accept, "used": accept, "decided_at": moment}
                added = insert_for(connection, WordDecisionRow).values(row)
                connection.execute(added.on_conflict_do_update(index_elements=_KEY, set_=row))
            for one in found:
                same = ProposalRow.product_id == one.product_id
                of_this = and_(same, ProposalRow.attribute == one.attribute)
                connection.execute(delete(ProposalRow).where(of_this))
        return done, late

    def undo(self, keys: Sequence[Key]) -> list[Proposal]:
        """Forget decisions, `MOST` at most: words of the desk go, and the proposals are back."""
        row = WordDecisionRow
        with self._db.write() as connection, connection.begin():
            lock_catalogue(connection)
            query = select(*_DECIDED, row.used).where(_any_of(row, keys))
            decided = [(proposal_of(values), used) for *values, used in connection.execute(query)]
            _change(connection, [(one, None) for one, used in decided if used])
            for one, _ in decided:
                same = and_(row.product_id == one.product_id, row.attribute == one.attribute)
                connection.execute(delete(row).where(same, row.word == one.word))
                back = insert_for(connection, ProposalRow).values(one.values())
                connection.execute(back.on_conflict_do_nothing())
        return [one for one, _ in decided]

    def latest(self, count: int) -> tuple[list[WordDecision], int]:
        """The latest decisions, at most ``count``, and the number of all."""
        row = WordDecisionRow
        order = (row.decided_at.desc(), row.product_id, row.attribute)
        query = select(*_DECIDED, row.accepted, row.used, row.decided_at).order_by(*order)
        with self._db.read() as connection:
            total = connection.scalar(select(func.count()).select_from(row)) or 0
            rows = connection.execute(query.limit(count)).all()
        return [
            WordDecision(proposal_of(values), accepted, used, in_utc(at))
            for *values, accepted, used, at in rows
        ], total


_KEY = ["product_id", "attribute", "word"]


def _any_of(
    model: type[ProposalRow] | type[WordDecisionRow], keys: Iterable[Key]
) -> ColumnElement[bool]:
    some = [
        and_(model.product_id == one, model.attribute == name, model.word == word)
        for one, name, word in list(keys)[:MOST]
    ]
    return or_(false(), *some)


def _proposals(connection: Connection, keys: Sequence[Key]) -> list[Proposal]:
    rows = connection.execute(select(*COLUMNS).where(_any_of(ProposalRow, keys)))
    return [proposal_of(row) for row in rows]


def _write_words(
    connection: Connection, proposals: Sequence[Proposal]
) -> tuple[list[Proposal], list[Proposal]]:
    """Write the words of products that lack them; those that do, and those that do not."""
    records = _records(connection, {one.product_id for one in proposals})
    done, late = list[Proposal](), list[Proposal]()
    for one in proposals:
        known = records.get(one.product_id)
        free = known is not None and word_of(known[0], one.attribute) is None
        (done if free else late).append(one)
    _change(connection, [(one, one.word) for one in done])
    return done, late


def _change(connection: Connection, words: Sequence[tuple[Proposal, str | None]]) -> None:
    """Write other words into products; None: none."""
    records = _records(connection, {one.product_id for one, _ in words})
    changed: dict[str, ProductRecord] = {}
    for one, word in words:
        if one.product_id in records:
            before = changed.get(one.product_id, records[one.product_id][0])
            changed[one.product_id] = with_word(before, one.attribute, word)
    if not changed:
        return
    version = bump_version(connection)
    for product_id, record in changed.items():
        _, source, retired = records[product_id]
        row = row_of(record, source) | {"retired": retired, "changed": version}
        same = ProductRow.product_id == product_id
        connection.execute(update(ProductRow).where(same).values(row))


def _records(
    connection: Connection, product_ids: Iterable[str]
) -> dict[str, tuple[ProductRecord, int, bool]]:
    """Product id -> its record, its source, and whether it is retired."""
    query = select(ProductRow).where(ProductRow.product_id.in_(sorted(product_ids)))
    rows: Any = connection.execute(query).all()
    return {row.product_id: (record_of(row), row.source_id, row.retired) for row in rows}
