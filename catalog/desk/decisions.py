"""What the shop decided on pairs that may be one thing: merged, or told apart.

Two products that are one are merged: from then on they are variants of one group in panels and on
pages, together with the variants that either had. Decisions are kept by the ids of products, so
they hold whatever is ingested or indexed later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from catalog.database.database import Database
from catalog.database.desk_models import DecisionRow, MergedRow
from catalog.database.models import ProductRow
from catalog.database.statements import bump_version, chunks, insert_for, lock_catalogue
from catalog.errors import UnknownProduct
from catalog.utc import in_utc, utc_now

Kind = Literal["product", "photo"]
PREFIX = "same:"  # of groups that no source has


@dataclass(frozen=True, slots=True)
class Decision:
    """A pair, and whether it is one thing.

    Of the kind ``product``, ``first`` and ``second`` are ids of products in order; of the kind
    ``photo``, the id of a product and the content hash of a photo that is ``same`` if it does show
    that product.
    """

    kind: Kind
    first: str
    second: str
    same: bool
    decided_at: datetime | None = None


class Decisions:
    """The decisions in the catalogue's database; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def decide(self, kind: Kind, first: str, second: str, same: bool) -> None:
        """Keep a decision, in place of an earlier one on the pair; two products are in any order.

        Raises:
            catalog.errors.UnknownProduct: there is no such product.
            ValueError: both are one product.
        """
        first, second = _ordered(kind, first, second)
        if first == second:
            raise ValueError(f"{first!r} is one product already")
        products = (first, second) if kind == "product" else (first,)
        with self._db.write() as connection, connection.begin():
            lock_catalogue(connection)
            known = select(ProductRow.product_id).where(ProductRow.product_id.in_(products))
            if missing := set(products) - set(connection.scalars(known)):
                raise UnknownProduct(min(missing))
            row = {"kind": kind, "first": first, "second": second, "same": same}
            added = insert_for(connection, DecisionRow).values(row | {"decided_at": utc_now()})
            newer = {"same": added.excluded.same, "decided_at": added.excluded.decided_at}
            connection.execute(added.on_conflict_do_update(index_elements=_KEY, set_=newer))
            _regroup(connection)

    def withdraw(self, kind: Kind, first: str, second: str) -> None:
        """Forget a decision, if there is one; two products are in any order."""
        first, second = _ordered(kind, first, second)
        with self._db.write() as connection, connection.begin():
            lock_catalogue(connection)
            connection.execute(
                delete(DecisionRow).where(
                    DecisionRow.kind == kind,
                    DecisionRow.first == first,
                    DecisionRow.second == second,
                )
            )
            _regroup(connection)

    def all(self, kind: Kind) -> tuple[Decision, ...]:
        """The decisions of a kind, the latest first."""
        query = (
            select(DecisionRow.first, DecisionRow.second, DecisionRow.same, DecisionRow.decided_at)
            .where(DecisionRow.kind == kind)
            .order_by(DecisionRow.decided_at.desc(), DecisionRow.first, DecisionRow.second)
        )
        with self._db.read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Decision(kind, first, second, same, in_utc(at)) for first, second, same, at in rows
        )

    def pairs(self, kind: Kind) -> frozenset[tuple[str, str]]:
        """The pairs of a kind that were decided on, as ``(first, second)``."""
        return frozenset((one.first, one.second) for one in self.all(kind))

    def regroup(self) -> None:
        """Follow variant groups that changed in the sources since products were merged."""
        with self._db.write() as connection, connection.begin():
            lock_catalogue(connection)
            _regroup(connection)


_KEY = ["kind", "first", "second"]
_GROUPS = select(ProductRow.product_id, ProductRow.group_id)


def _ordered(kind: Kind, first: str, second: str) -> tuple[str, str]:
    return (min(first, second), max(first, second)) if kind == "product" else (first, second)


def _regroup(connection: Connection) -> None:
    """Write which products have another group than their source's, and what changed by that."""
    merged = select(DecisionRow.first, DecisionRow.second).where(
        DecisionRow.kind == "product", DecisionRow.same
    )
    pairs = [(first, second) for first, second in connection.execute(merged)]
    sourced = _read_groups(connection, {one for pair in pairs for one in pair})
    wanted = {
        product_id: key
        for product_id, key in _keys(connection, pairs, sourced).items()
        if sourced.get(product_id) != key
    }
    rows = connection.execute(select(MergedRow.product_id, MergedRow.group_key))
    known = {product_id: key for product_id, key in rows}
    if wanted == known:
        return
    changed = [one for one in wanted | known if wanted.get(one) != known.get(one)]
    connection.execute(delete(MergedRow))
    values = [{"product_id": one, "group_key": key} for one, key in sorted(wanted.items())]
    if values:
        connection.execute(insert(MergedRow), values)
    version = bump_version(connection)
    for ids in chunks(changed):
        of_ids = ProductRow.product_id.in_(ids)
        connection.execute(update(ProductRow).where(of_ids).values(changed=version))


def _keys(
    connection: Connection,
    pairs: Iterable[tuple[str, str]],
    sourced: dict[str, str | None],
) -> dict[str, str]:
    """Product -> its group, of all products that are merged or a variant of a merged one.

    Reads the groups of these variants into ``sourced``.
    """
    parents: dict[tuple[str, str], tuple[str, str]] = {}

    def find(node: tuple[str, str]) -> tuple[str, str]:
        while (parent := parents.setdefault(node, node)) != node:
            node = parent
        return node

    for first, second in pairs:
        for product_id in (first, second):
            if (group := sourced.get(product_id)) is not None:
                parents[find(("product", product_id))] = find(("group", group))
        parents[find(("product", first))] = find(("product", second))
    groups = sorted({group for kind, group in parents if kind == "group"})
    sourced |= _read_groups(connection, groups, by_group=True)
    members: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for node in list(parents):
        members.setdefault(find(node), []).append(node)
    key_of = {root: _key_of(nodes) for root, nodes in members.items()}
    found = {}
    for product_id, source_group in sourced.items():
        own = ("product", product_id)
        node = own if own in parents else ("group", source_group or "")
        if node in parents:
            found[product_id] = key_of[find(node)]
    return found


def _key_of(nodes: Iterable[tuple[str, str]]) -> str:
    """The first group that a source has, else one of its own."""
    kind, name = min(nodes, key=lambda node: (node[0] != "group", node[1]))
    return name if kind == "group" else f"{PREFIX}{name}"


def _read_groups(
    connection: Connection, values: Iterable[str], by_group: bool = False
) -> dict[str, str | None]:
    """Product -> the group of its source, of some products, or of those in some groups."""
    column = ProductRow.group_id if by_group else ProductRow.product_id
    query = _GROUPS.where(column.in_(bindparam("values", expanding=True)))
    found: dict[str, str | None] = {}
    for some in chunks(sorted(values)):
        found |= {one: group for one, group in connection.execute(query, {"values": some})}
    return found
