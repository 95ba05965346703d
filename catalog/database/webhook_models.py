"""The tables of Shopify's webhooks, which never leave this package."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.models import Base


class HookRow(Base):
    """A delivery. ``body`` is its exact payload, which is deleted once it was applied.

    ``state`` is waiting, applied, skipped or parked. ``tries`` counts attempts; an attempt is
    recorded only if no other has begun since.
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
    """The newest state of a Shopify product; ``payload`` is the JSON of the fields in use.

    Deleted products keep their row, so that a late update does not restore them: Shopify does not
    reuse ids.
    """

    __tablename__ = "shopify_products"

    shopify_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    triggered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deleted: Mapped[bool]
    payload: Mapped[str | None] = mapped_column(Text)


class ShopifyIdRow(Base):
    """The Shopify product that a product of the catalogue was last built from."""

    __tablename__ = "shopify_ids"
    __table_args__ = (Index(None, "shopify_id"),)

    product_id: Mapped[str] = mapped_column(Text, primary_key=True)
    shopify_id: Mapped[int] = mapped_column(ForeignKey("shopify_products.shopify_id"))


class ShopifyItemRow(Base):
    """The variant and product that an inventory item belongs to."""

    __tablename__ = "shopify_items"
    __table_args__ = (Index(None, "shopify_id"), Index(None, "variant_id"))

    item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    variant_id: Mapped[int] = mapped_column(BigInteger)
    shopify_id: Mapped[int] = mapped_column(ForeignKey("shopify_products.shopify_id"))


class ShopifyLevelRow(Base):
    """The newest stock of an inventory item, known or not, at one location."""

    __tablename__ = "shopify_levels"

    item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pieces: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
