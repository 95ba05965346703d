"""The shop's rules in SQL: every change is one transaction, and readers see it at once."""

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
from catalog.rules.rule import FIELDS, PAGES, Rule
from catalog.rules.ruleset import RuleSet

# Statements are built once: building one takes longer than running it.
VERSION = select(StateRow.instance, StateRow.rules_version)
COLUMNS = tuple("conditions" if name == "where" else name for name in FIELDS)  # WHERE is a keyword
RULES = select(*(getattr(RuleRow, name) for name in COLUMNS))


@dataclass(frozen=True, slots=True)
class RuleImport:
    """The number of rules that an import added, changed and removed, and its warnings."""

    added: int
    changed: int
    unchanged: int
    removed: int
    warnings: tuple[str, ...] = ()


class RuleBook:
    """The shop's rules; safe to share between threads.

    They are cached in memory. Every writer raises a counter in SQL; each reading checks it, which
    costs one row, and so notices the changes of other processes.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._cached: tuple[tuple[str, int], RuleSet] | None = None

    def current(self) -> RuleSet:
        """The current rules."""
        return self._load()[1]

    def _load(self) -> tuple[tuple[str, int], RuleSet]:
        """The current rules, with the database's instance and the version of the rules."""
        return self._db.latest("rules", self._read_changed)

    def _read_changed(self, connection: Connection) -> tuple[tuple[str, int], RuleSet]:
        version = _version(connection)
        cached = self._cached
        if cached is None or cached[0] != version:
            with self._lock:
                cached = self._cached
                if cached is None or cached[0] != version:
                    cached = self._cached = (version, _read(connection))
        return cached

    def active(
        self,
        seed_id: str | None,
        category: str | Sequence[str] | None,
        now: datetime | None = None,
    ) -> tuple[Rule, ...]:
        """The rules in force for a seed, the narrowest scope first; see `RuleSet.active`.

        For several seeds, call `current` once, and `RuleSet.active` for each.
        """
        return self.current().active(seed_id, category, now or datetime.now(UTC))

    def idle(self) -> dict[str, str]:
        """Rule name -> why it does nothing now: its product or seed is unknown or retired."""
        rules = self.all()
        with self._db.read() as connection:
            texts = list(_unknown(connection, rules))
        found = {}
        for rule in rules:
            start = f"Rule {rule.rule_id!r}: "
            reason = next((text for text in texts if text.startswith(start)), None)
            if reason is not None:
                found[rule.rule_id] = reason.removeprefix(start).rstrip(".")
        return found

    def version(self, now: datetime | None = None) -> str:
        """A text that changes when a rule is changed, starts or ends."""
        (_, version), rules = self._load()
        return f"{version}-{rules.period(now or datetime.now(UTC))}"

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
        """Adds one rule.

        Args:
            rule: the rule.
            replace: replace the rule of the same name, if any.

        Returns:
            Warnings, as of `warnings`.

        Raises:
            RuleError: there is a rule of this name, and ``replace`` is False.
        """
        with self._db.write() as connection, connection.begin():
            _lock(connection)
            known = select(RuleRow.rule_id).where(RuleRow.rule_id == rule.rule_id)
            if not replace and connection.execute(known).first():
                raise RuleError(
                    "exists",
                    "rule_id",
                    f"There is a rule {rule.rule_id!r} already. "
                    "Use another name, or replace the existing rule (`--replace`).",
                )
            _put(connection, [rule])
            return tuple(_doubts(connection, [rule]))

    def warnings(self, rules: Sequence[Rule]) -> tuple[str, ...]:
        """What rules name that is unknown: products, categories, and pages."""
        with self._db.read() as connection:
            return tuple(_doubts(connection, rules))

    def remove(self, rule_ids: Sequence[str]) -> None:
        """Removes rules: all of them, or none if there is an error.

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
        """Writes several rules in one transaction; each replaces the rule of its name, if any.

        Args:
            rules: with unique names.
            replace: also remove all other rules.
        """
        with self._db.write() as connection, connection.begin():
            _lock(connection)
            before = {rule.rule_id: rule for rule in _read(connection).rules}
            stored = set(connection.scalars(select(RuleRow.rule_id)))
            changed = [rule for rule in rules if before.get(rule.rule_id) != rule]
            removed = stored - {rule.rule_id for rule in rules} if replace else set()
            if changed:
                _put(connection, changed)
            if removed:
                _delete(connection, sorted(removed))
            added = sum(rule.rule_id not in stored for rule in changed)
            return RuleImport(
                added=added,
                changed=len(changed) - added,
                unchanged=len(rules) - len(changed),
                removed=len(removed),
                warnings=tuple(_doubts(connection, rules)),
            )

    def import_csv(self, path: Path, replace: bool = False) -> RuleImport:
        """Imports a file of rules, whole or not at all; see `put` and `catalog.rules.file`.

        Raises:
            RuleFileError: it cannot be read, or has errors, which are listed with their lines.
        """
        return self.put(read_rules(path), replace)

    def export_csv(self, path: Path) -> int:
        """Writes every rule to a file that `import_csv` reads; returns their number.

        Raises:
            OSError: it cannot be written.
        """
        rules = self.all()
        with path.open("w", encoding="utf-8", newline="") as stream:
            write_rules(stream, rules)
        return len(rules)


def _version(connection: Connection) -> tuple[str, int]:
    instance, version = connection.execute(VERSION).one()
    return instance, version


def _lock(connection: Connection) -> None:
    """Raises the rules' version, which also makes other writers wait until the transaction ends."""
    connection.execute(update(StateRow).values(rules_version=StateRow.rules_version + 1))


def _read(connection: Connection) -> RuleSet:
    rules, problems = [], []
    for row in connection.execute(RULES):
        values = dict(zip(FIELDS, row, strict=True))
        try:
            rules.append(Rule.of(values))
        except CatalogError as error:  # written by a later version, or by hand: use the others
            problems.append(f"Rule {values['rule_id']!r} is ignored: {error}")
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


def _doubts(connection: Connection, rules: Sequence[Rule]) -> Iterator[str]:
    yield from _unknown(connection, rules)
    for rule in rules:
        if rule.page is not None and rule.page not in PAGES:
            yield (
                f"Rule {rule.rule_id!r}: {rule.page!r} is none of the pages {', '.join(PAGES)}. It "
                "switches off only what programs ask for under this name."
            )


def _unknown(connection: Connection, rules: Iterable[Rule]) -> Iterator[str]:
    """Warnings about products and categories in rules that the catalogue lacks, or has retired."""
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
