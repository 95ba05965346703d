"""The tables of the shop's desk, which never leave this package."""

from datetime import datetime

from sqlalchemy import DateTime, Index, String, Text
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
