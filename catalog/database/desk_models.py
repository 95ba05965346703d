"""The tables of the shop's desk, which never leave this package."""

from datetime import datetime

from sqlalchemy import JSON, DateTime, Double, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.models import Base


class ShopSettingRow(Base):
    """A setting of the shop that its staff changed, see `catalog.desk.shop_settings`."""

    __tablename__ = "shop_settings"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class VoteRow(Base):
    """A blind vote between two answers to one seed, see `catalog.desk.votes`."""

    __tablename__ = "votes"
    __table_args__ = (Index(None, "pair"), Index(None, "ballot", unique=True))

    id: Mapped[int] = mapped_column(primary_key=True)
    voted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    pair: Mapped[str] = mapped_column(String(64))
    side_a: Mapped[str] = mapped_column(Text)
    side_b: Mapped[str] = mapped_column(Text)
    seed: Mapped[str] = mapped_column(Text)
    choice: Mapped[str] = mapped_column(String(4))
    ballot: Mapped[str | None] = mapped_column(String(32))  # None: a vote of before there were ids


class DecisionRow(Base):
    """What the shop decided on a pair that may be one thing, see `catalog.desk.decisions`.

    ``kind`` says what ``first`` and ``second`` are: two products, in order, or a product and the
    content hash of one of its photos.
    """

    __tablename__ = "pair_decisions"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    first: Mapped[str] = mapped_column(Text, primary_key=True)
    second: Mapped[str] = mapped_column(Text, primary_key=True)
    same: Mapped[bool]
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FoundPairRow(Base):
    """A pair that looks like one thing, as the last search found it; see `DecisionRow`.

    ``difference`` is that between the photos' colours, None where it does not tell.
    """

    __tablename__ = "found_pairs"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    first: Mapped[str] = mapped_column(Text, primary_key=True)
    second: Mapped[str] = mapped_column(Text, primary_key=True)
    cosine: Mapped[float] = mapped_column(Double)
    difference: Mapped[float | None] = mapped_column(Double)
    note: Mapped[str] = mapped_column(Text)


class MergedRow(Base):
    """A product whose variant group differs from its source's, as the shop merged it with others.

    The rows follow from `DecisionRow` and are written with it.
    """

    __tablename__ = "merged_products"
    __table_args__ = (Index(None, "group_key"),)

    product_id: Mapped[str] = mapped_column(Text, primary_key=True)
    group_key: Mapped[str] = mapped_column(Text)


class ProposalRow(Base):
    """A word that is proposed for a product which lacks one, see `catalog.desk.proposals`.

    ``neighbours`` are ids of products that voted, each with its word.
    """

    __tablename__ = "proposals"
    __table_args__ = (Index(None, "confidence"),)

    product_id: Mapped[str] = mapped_column(Text, primary_key=True)
    attribute: Mapped[str] = mapped_column(String(100), primary_key=True)
    word: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float] = mapped_column(Double)
    note: Mapped[str] = mapped_column(Text)
    neighbours: Mapped[list[list[str]] | None] = mapped_column(JSON)  # None: before 0019


class WordDecisionRow(Base):
    """What the desk decided on a proposed word, see `catalog.desk.word_decisions`.

    ``used`` says whether the product has the word from the desk: it was accepted, and its source
    has none. The further columns are those of the proposal.
    """

    __tablename__ = "word_decisions"
    __table_args__ = (Index(None, "decided_at"),)

    product_id: Mapped[str] = mapped_column(Text, primary_key=True)
    attribute: Mapped[str] = mapped_column(String(100), primary_key=True)
    word: Mapped[str] = mapped_column(Text, primary_key=True)
    accepted: Mapped[bool]
    used: Mapped[bool]
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    confidence: Mapped[float] = mapped_column(Double)
    note: Mapped[str] = mapped_column(Text)
    neighbours: Mapped[list[list[str]]] = mapped_column(JSON)
