"""The tables of the event log, which never leave this package."""

from datetime import datetime

from sqlalchemy import JSON, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.models import Base

QUERY_ID = String(32)


class AnswerRow(Base):
    """An answer: a panel, or the first page of a search in words, whose words are ``text``.

    ``category`` is that of its seeds, if they share one; ``size`` is the number of its results.
    """

    __tablename__ = "answers"
    __table_args__ = (Index(None, "at"),)

    query_id: Mapped[str] = mapped_column(QUERY_ID, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seeds: Mapped[list[str]] = mapped_column(JSON)
    category: Mapped[str | None] = mapped_column(Text)
    facets: Mapped[str] = mapped_column(Text)
    fallback: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    visitor: Mapped[str | None] = mapped_column(String(32))
    experiment: Mapped[str | None] = mapped_column(Text)
    arm: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)


class ShownRow(Base):
    """A product of an answer, and the rule that acted on it."""

    __tablename__ = "answer_products"
    __table_args__ = ({"sqlite_with_rowid": False},)

    query_id: Mapped[str] = mapped_column(
        ForeignKey("answers.query_id", ondelete="CASCADE"), primary_key=True
    )
    product_id: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int]
    rule_id: Mapped[str | None] = mapped_column(Text)


class AnswerRuleRow(Base):
    """A rule that acted on an answer: on one of its products or on its candidates."""

    __tablename__ = "answer_rules"
    __table_args__ = ({"sqlite_with_rowid": False},)

    query_id: Mapped[str] = mapped_column(
        ForeignKey("answers.query_id", ondelete="CASCADE"), primary_key=True
    )
    rule_id: Mapped[str] = mapped_column(Text, primary_key=True)


class EventRow(Base):
    """An event of a visitor. The key makes it count once.

    There is no foreign key to answers, as those are logged in batches and may arrive later.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "at"),
        Index(None, "kind", "at"),
        {"sqlite_with_rowid": False},
    )

    query_id: Mapped[str] = mapped_column(QUERY_ID, primary_key=True)
    product_id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    position: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LossRow(Base):
    """Counts of answers and events that could not be logged, which reports show."""

    __tablename__ = "event_losses"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    answers: Mapped[int]
    events: Mapped[int]
