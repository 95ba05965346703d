"""The searches in words in the event log, counted for the report."""

from datetime import datetime

from sqlalchemy import Connection, and_, case, exists, func, select

from catalog.database.event_models import AnswerRow, EventRow, ShownRow
from catalog.events.event import EventKind
from catalog.events.intervals import Rate
from catalog.events.report import Searches

MOST_UNMET = 20  # texts that are listed


def count_searches(connection: Connection, since: datetime, until: datetime) -> Searches:
    """The searches from ``since`` to before ``until``, both UTC."""
    within = and_(AnswerRow.at >= since, AnswerRow.at < until, AnswerRow.text.is_not(None))
    clicked = exists().where(
        EventRow.query_id == AnswerRow.query_id,
        EventRow.kind == EventKind.CLICK.value,
        ShownRow.query_id == EventRow.query_id,
        ShownRow.product_id == EventRow.product_id,
    )
    full = AnswerRow.size > 0
    count, found, hits = connection.execute(
        select(
            func.count(),
            func.sum(case((full, 1), else_=0)),
            func.sum(case((and_(full, clicked), 1), else_=0)),
        )
        .select_from(AnswerRow)
        .where(within)
    ).one()
    unmet = connection.execute(
        select(AnswerRow.text, func.count())
        .where(within, AnswerRow.size == 0)
        .group_by(AnswerRow.text)
        .order_by(func.count().desc(), AnswerRow.text)
        .limit(MOST_UNMET)
    )
    found = int(found or 0)
    return Searches(
        count=count,
        unclicked=Rate(found - int(hits or 0), found),
        nothing=Rate(count - found, count),
        unmet=tuple((text or "", number) for text, number in unmet),
    )
