"""The tables of Shopify's webhooks. They never leave this package."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.models import Base


class HookRow(Base):
    """One delivery. ``body`` is what came, byte for byte; it is dropped once it was applied.

    ``state`` is waiting, applied, skipped or parked; ``tries`` counts attempts, and is also what
    an attempt knows its own by.
    """

    __tablename__ = "hooks"
    __table_args__ = (Index(None, "state", "next_try"), Index(None, "finished_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(String(200), unique=True)
    topic: Mapped[str] = mapped_column(String(40))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    triggered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(String(10))
    tries: Mapped[int]
    next_try: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(Text)


class ShopifyProductRow(Base):
    """The newest that was told of one of Shopify's products: ``payload``, JSON, cut to what we use.

    A deleted one stays: Shopify never gives its id to another, so a late update changes nothing.
    """

    __tablename__ = "shopify_products"

    shopify_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    triggered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deleted: Mapped[bool]
    payload: Mapped[str | None] = mapped_column(Text)


class ShopifyIdRow(Base):
    """Which of Shopify's products one of ours was last made of."""

    __tablename__ = "shopify_ids"
    __table_args__ = (Index(None, "shopify_id"),)

    product_id: Mapped[str] = mapped_column(Text, primary_key=True)
    shopify_id: Mapped[int] = mapped_column(ForeignKey("shopify_products.shopify_id"))


class ShopifyItemRow(Base):
    """Which variant of which product an inventory item counts the pieces of."""

    __tablename__ = "shopify_items"
    __table_args__ = (Index(None, "shopify_id"),)

    item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    variant_id: Mapped[int] = mapped_column(BigInteger)
    shopify_id: Mapped[int] = mapped_column(ForeignKey("shopify_products.shopify_id"))


class ShopifyLevelRow(Base):
    """The newest that was told of the pieces of an item at one location, known or not."""

    __tablename__ = "shopify_levels"

    item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pieces: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
