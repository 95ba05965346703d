"""The shop's rules in SQL: written whole or not at all, read as they are now."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from catalog.database.database import Database
from catalog.database.models import ProductRow, RuleRow, StateRow
from catalog.database.statements import chunks
from catalog.errors import CatalogError, RuleError, UnknownRule
from catalog.filters.sql import below
from catalog.rules.file import read_rules, write_rules
from catalog.rules.rule import FIELDS, Rule
from catalog.rules.ruleset import RuleSet

# Statements are built once: building one takes longer than running it.
VERSION = select(StateRow.instance, StateRow.rules_version)
COLUMNS = tuple("conditions" if name == "where" else name for name in FIELDS)  # SQL has a WHERE
RULES = select(*(getattr(RuleRow, name) for name in COLUMNS))


@dataclass(frozen=True, slots=True)
class RuleImport:
    """What an import did, in numbers of rules; ``warnings`` are for people to read."""

    added: int
    changed: int
    unchanged: int
    removed: int
    warnings: tuple[str, ...] = ()


class RuleBook:
    """The shop's rules; safe to share between threads.

    They are kept in memory. A counter in SQL that every writer raises tells, for the price of one
    row read, when another process changed them.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._kept: tuple[tuple[str, int], RuleSet] | None = None

    def current(self) -> RuleSet:
        """The rules as they are now."""
        return self._now()[1]

    def _now(self) -> tuple[tuple[str, int], RuleSet]:
        with self._db.read() as connection:
            mark = _mark(connection)
            kept = self._kept
            if kept is None or kept[0] != mark:
                with self._lock:
                    kept = self._kept
                    if kept is None or kept[0] != mark:
                        kept = self._kept = (mark, _read(connection))
        return kept

    def active(
        self,
        seed_id: str | None,
        category: str | Sequence[str] | None,
        now: datetime | None = None,
    ) -> tuple[Rule, ...]:
        """The rules in force for a seed, the narrowest scope first; see `RuleSet.active`.

        For several seeds, ask `current` once and then that for each.
        """
        return self.current().active(seed_id, category, now or datetime.now(UTC))

    def version(self, now: datetime | None = None) -> str:
        """Changes when rules do, and when one starts or ends."""
        (_, version), rules = self._now()
        return f"{version}-{rules.stretch(now or datetime.now(UTC))}"

    def all(self) -> tuple[Rule, ...]:
        """Every rule, in force or not, the narrowest scope first."""
        return self.current().rules

    def get(self, rule_id: str) -> Rule:
        """One rule.

        Raises:
            UnknownRule: none has this name.
        """
        for rule in self.all():
            if rule.rule_id == rule_id:
                return rule
        raise UnknownRule(rule_id)

    def add(self, rule: Rule, replace: bool = False) -> tuple[str, ...]:
        """Write one rule, and say what it names that the catalogue does not have.

        Raises:
            RuleError: there is one of this name, and ``replace`` is not set.
        """
        with self._db.write() as connection, connection.begin():
            _lock(connection)
            known = select(RuleRow.rule_id).where(RuleRow.rule_id == rule.rule_id)
            if not replace and connection.execute(known).first():
                raise RuleError(
                    "exists",
                    "rule_id",
                    f"There is a rule {rule.rule_id!r} already. "
                    "Give this one another name, or replace that one (`--replace`).",
                )
            _put(connection, [rule])
            return tuple(_unknown(connection, [rule]))

    def remove(self, rule_ids: Sequence[str]) -> None:
        """Remove rules; all of them, or on an error none.

        Raises:
            UnknownRule: none has one of these names.
        """
        with self._db.write() as connection, connection.begin():
            _lock(connection)
            known = set(connection.scalars(select(RuleRow.rule_id)))
            for rule_id in rule_ids:
                if rule_id not in known:
                    raise UnknownRule(rule_id)
            _delete(connection, rule_ids)

    def put(self, rules: Sequence[Rule], replace: bool = False) -> RuleImport:
        """Write several rules, those of a known name in its place, in one transaction.

        Args:
            rules: no two of one name.
            replace: also remove all others.
        """
        with self._db.write() as connection, connection.begin():
            _lock(connection)
            before = {rule.rule_id: rule for rule in _read(connection).rules}
            stored = set(connection.scalars(select(RuleRow.rule_id)))
            fresh = [rule for rule in rules if before.get(rule.rule_id) != rule]
            gone = stored - {rule.rule_id for rule in rules} if replace else set()
            if fresh:
                _put(connection, fresh)
            if gone:
                _delete(connection, sorted(gone))
            added = sum(rule.rule_id not in stored for rule in fresh)
            return RuleImport(
                added=added,
                changed=len(fresh) - added,
                unchanged=len(rules) - len(fresh),
                removed=len(gone),
                warnings=tuple(_unknown(connection, rules)),
            )

    def import_csv(self, path: Path, replace: bool = False) -> RuleImport:
        """Take over a file of rules, whole or not at all; see `put` and `catalog.rules.file`.

        Raises:
            RuleFileError: it cannot be read, or has mistakes; they are listed with their lines.
        """
        return self.put(read_rules(path), replace)

    def export_csv(self, path: Path) -> int:
        """Write every rule to a file that `import_csv` reads; how many there were.

        Raises:
            OSError: it cannot be written.
        """
        rules = self.all()
        with path.open("w", encoding="utf-8", newline="") as stream:
            write_rules(stream, rules)
        return len(rules)


def _mark(connection: Connection) -> tuple[str, int]:
    instance, version = connection.execute(VERSION).one()
    return instance, version


def _lock(connection: Connection) -> None:
    """Let one writer at a time in, and tell the others' readers. SQLite has locked at BEGIN."""
    connection.execute(update(StateRow).values(rules_version=StateRow.rules_version + 1))


def _read(connection: Connection) -> RuleSet:
    rules, problems = [], []
    for row in connection.execute(RULES):
        said = dict(zip(FIELDS, row, strict=True))
        try:
            rules.append(Rule.of(said))
        except CatalogError as error:  # written by a later version, or by hand; panels go on
            problems.append(f"Rule {said['rule_id']!r} is ignored: {error}")
    return RuleSet(rules, problems)


def _put(connection: Connection, rules: Sequence[Rule]) -> None:
    _delete(connection, [rule.rule_id for rule in rules])
    rows = []
    for rule in rules:
        values = [getattr(rule, name) for name in FIELDS]
        row = dict(zip(COLUMNS, values, strict=True)) | {"action": str(rule.action)}
        row["conditions"] = None if rule.where is None else rule.where.as_json()
        rows.append(row)
    connection.execute(insert(RuleRow), rows)


def _delete(connection: Connection, rule_ids: Sequence[str]) -> None:
    for some in chunks(rule_ids):
        connection.execute(delete(RuleRow).where(RuleRow.rule_id.in_(some)))


def _unknown(connection: Connection, rules: Iterable[Rule]) -> Iterator[str]:
    """What rules name that the catalogue does not have, or not any more."""
    named = {
        product_id: None
        for rule in rules
        for product_id in (rule.product_id, rule.seed)
        if product_id is not None
    }
    retired: dict[str, bool] = {}
    for some in chunks(list(named)):
        found = select(ProductRow.product_id, ProductRow.retired).where(
            ProductRow.product_id.in_(some)
        )
        retired |= {product_id: gone for product_id, gone in connection.execute(found)}
    categories: dict[str, bool] = {}
    for rule in rules:
        for product_id in (rule.product_id, rule.seed):
            if product_id is not None and retired.get(product_id, True):
                state = "retired" if product_id in retired else "not in the catalogue"
                yield f"Rule {rule.rule_id!r}: product {product_id!r} is {state}."
        if rule.category is not None:
            if rule.category not in categories:
                one = select(ProductRow.number).where(below(rule.category)).limit(1)
                categories[rule.category] = connection.execute(one).first() is not None
            if not categories[rule.category]:
                yield f"Rule {rule.rule_id!r}: no product is in category {rule.category!r}."
