"""The SQL queries of the report: everything is counted in the database."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    case,
    distinct,
    func,
    insert,
    literal,
    select,
)

from catalog.database.database import Database
from catalog.database.event_models import AnswerRow, AnswerRuleRow, EventRow, LossRow, ShownRow
from catalog.database.models import ProductRow
from catalog.database.statements import ACTIVE, SOLD_OUT
from catalog.events.event import EventKind
from catalog.events.intervals import Clusters, Rate
from catalog.events.report import ANSWERED, VIEWED, Group, Report, compare_arms
from catalog.events.searches import count_searches

MAX_GROUPS = 20
MAX_POSITIONS = 100
NO_FALLBACK = "none"
DEFAULT_FACETS = "default"
NO_CATEGORY = "several or none"


def build_report(db: Database, since: datetime, until: datetime) -> Report:
    """The report of the answers from ``since`` to before ``until``, both UTC.

    Raises:
        catalog.errors.DatabaseError: the log cannot be read.
    """
    with db.read() as connection:
        return ReportQueries(connection, since, until).report()


class ReportQueries:
    """The queries of one report, on one connection that sees one state of the log.

    The shown panels are first put into a temporary table, ``panels``, which every query uses.
    """

    def __init__(self, connection: Connection, since: datetime, until: datetime) -> None:
        self._connection = connection
        self._since, self._until = since, until
        within = and_(AnswerRow.at >= since, AnswerRow.at < until)
        self._in_time = and_(within, AnswerRow.text.is_(None))
        self.panels = Table(
            f"panels_{uuid.uuid4().hex[:12]}",
            MetaData(),
            Column("query_id", String(32), primary_key=True),
            Column("category", Text),
            Column("facets", Text),
            Column("visitor", String(32)),
            Column("experiment", Text),
            Column("arm", Text),
            Column("touched", Integer),
            Column("viewed", Integer),
            Column("clicked", Integer),
            prefixes=["TEMPORARY"],
        )

    def report(self) -> Report:
        """Runs all queries."""
        fallbacks = self._fallbacks()
        answers = sum(fallbacks.values())
        with_products, basis = self.collect()
        panels = self.panels.c
        lost = self._connection.execute(
            select(func.sum(LossRow.answers), func.sum(LossRow.events)).where(
                LossRow.at >= self._since, LossRow.at < self._until
            )
        ).one()
        return Report(
            since=self._since,
            until=self._until,
            basis=basis,
            answers=answers,
            empty=answers - with_products,
            clicks=Rate(self._number(func.sum(panels.clicked)), self._number(func.count())),
            fallback=Rate(answers - fallbacks.get(NO_FALLBACK, 0), answers),
            coverage=self._coverage(),
            fallbacks=fallbacks,
            positions=self._by_position(),
            rules=self._by_rule(),
            facets=self._by(func.coalesce(func.nullif(panels.facets, ""), DEFAULT_FACETS)),
            categories=self._by(func.coalesce(panels.category, NO_CATEGORY)),
            experiments=tuple(
                compare_arms(name, arms) for name, arms in sorted(self._arms().items())
            ),
            events=self._events(),
            lost_answers=int(lost[0] or 0),
            lost_events=int(lost[1] or 0),
            searches=count_searches(self._connection, self._since, self._until),
        )

    def collect(self) -> tuple[int, str]:
        """Fills the temporary table with the shown panels.

        Returns:
            How many answers have products, and what counts as shown: see `Report.basis`.
        """

        def any_event(kind: EventKind | None = None) -> ColumnElement[int]:
            # The kind is a result and no condition, so that no query planner goes through all
            # events of that kind for every answer.
            match = literal(1) if kind is None else case((EventRow.kind == kind.value, 1), else_=0)
            one = select(func.max(match)).select_from(EventRow).join(ShownRow, same_product())
            found = one.where(EventRow.query_id == AnswerRow.query_id).scalar_subquery()
            return func.coalesce(found, 0)

        self.panels.create(self._connection, checkfirst=False)
        query = select(
            AnswerRow.query_id,
            AnswerRow.category,
            AnswerRow.facets,
            AnswerRow.visitor,
            AnswerRow.experiment,
            AnswerRow.arm,
            any_event(),
            any_event(EventKind.VIEW),
            any_event(EventKind.CLICK),
        ).where(self._in_time, AnswerRow.size > 0)
        self._connection.execute(insert(self.panels).from_select(list(self.panels.c), query))
        with_products, panels = self._number(func.count()), self.panels.c
        if not self._number(func.sum(panels.viewed)):
            return with_products, ANSWERED
        self._connection.execute(self.panels.delete().where(panels.touched == 0))
        return with_products, VIEWED

    def _number(self, what: ColumnElement[Any]) -> int:
        """A sum or count over the panels of the temporary table."""
        return int(self._connection.execute(select(what).select_from(self.panels)).scalar() or 0)

    def _fallbacks(self) -> dict[str, int]:
        rows = self._connection.execute(
            select(AnswerRow.fallback, func.count())
            .where(self._in_time)
            .group_by(AnswerRow.fallback)
            .order_by(AnswerRow.fallback)
        )
        return {name: count for name, count in rows}

    def _coverage(self) -> Rate:
        sellable = and_(ACTIVE, ProductRow.availability != SOLD_OUT)
        total = self._connection.execute(
            select(func.count()).select_from(ProductRow).where(sellable)
        ).scalar_one()
        shown = self._connection.execute(
            select(func.count(distinct(ProductRow.number)))
            .join(ShownRow, ShownRow.product_id == ProductRow.product_id)
            .join(self.panels, self.panels.c.query_id == ShownRow.query_id)
            .where(sellable)
        ).scalar_one()
        return Rate(shown, total)

    def _by(self, part: ColumnElement[str]) -> tuple[Group, ...]:
        panels, name = self.panels.c, part.label("name")
        rows = self._connection.execute(
            select(name, func.count(), func.sum(panels.clicked))
            .group_by(name)
            .order_by(func.count().desc(), name)
            .limit(MAX_GROUPS)
        )
        return tuple(Group(part, Rate(int(hits), count)) for part, count, hits in rows)

    def _by_position(self) -> tuple[Group, ...]:
        rows = self._connection.execute(
            select(ShownRow.position, func.count(), func.count(EventRow.query_id))
            .join(self.panels, self.panels.c.query_id == ShownRow.query_id)
            .outerjoin(EventRow, and_(same_product(), EventRow.kind == EventKind.CLICK.value))
            .group_by(ShownRow.position)
            .order_by(ShownRow.position)
            .limit(MAX_POSITIONS)
        )
        return tuple(Group(str(place), Rate(hits, count)) for place, count, hits in rows)

    def _by_rule(self) -> tuple[Group, ...]:
        panels = self.panels.c
        acted = self._connection.execute(
            select(AnswerRuleRow.rule_id, func.count(), func.sum(panels.clicked))
            .join(self.panels, panels.query_id == AnswerRuleRow.query_id)
            .group_by(AnswerRuleRow.rule_id)
            .order_by(func.count().desc(), AnswerRuleRow.rule_id)
            .limit(MAX_GROUPS)
        ).all()
        placed = self._connection.execute(
            select(
                ShownRow.rule_id,
                func.count(distinct(ShownRow.query_id)),
                func.count(distinct(EventRow.query_id)),
            )
            .join(self.panels, panels.query_id == ShownRow.query_id)
            .outerjoin(EventRow, and_(same_product(), EventRow.kind == EventKind.CLICK.value))
            .where(ShownRow.rule_id.in_([rule for rule, _, _ in acted]))
            .group_by(ShownRow.rule_id)
        )
        own = {rule: Rate(hits, count) for rule, count, hits in placed}
        return tuple(
            Group(rule, Rate(int(hits), count), own.get(rule)) for rule, count, hits in acted
        )

    def _arms(self) -> dict[str, dict[str, Clusters]]:
        panels = self.panels.c
        visitors = (
            select(
                panels.experiment,
                panels.arm,
                func.count().label("n"),
                func.sum(panels.clicked).label("x"),
            )
            .where(panels.experiment.is_not(None), panels.arm.is_not(None))
            .where(panels.visitor.is_not(None))
            .group_by(panels.experiment, panels.arm, panels.visitor)
            .subquery()
        )
        one = visitors.c
        sums = (one.n, one.x, one.n * one.n, one.x * one.n, one.x * one.x)
        rows = self._connection.execute(
            select(one.experiment, one.arm, func.count(), *(func.sum(part) for part in sums))
            .group_by(one.experiment, one.arm)
            .order_by(one.experiment, one.arm)
        )
        found: dict[str, dict[str, Clusters]] = {}
        for experiment, arm, *numbers in rows:
            found.setdefault(experiment, {})[arm] = Clusters(*(int(number) for number in numbers))
        return found

    def _events(self) -> dict[str, int]:
        rows = self._connection.execute(
            select(EventRow.kind, func.count())
            .join(AnswerRow, AnswerRow.query_id == EventRow.query_id)
            .where(self._in_time)
            .group_by(EventRow.kind)
        )
        counted = {kind: count for kind, count in rows}
        return {kind.value: counted.get(kind.value, 0) for kind in EventKind}


def same_product() -> ColumnElement[bool]:
    """The join of an event with the shown product that it is about."""
    return and_(ShownRow.query_id == EventRow.query_id, ShownRow.product_id == EventRow.product_id)
