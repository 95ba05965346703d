"""The tables as typed SQLAlchemy models, which never leave this package."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# All constraints are named, so that migrations can drop them on every database.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

PRICE_SCALE = 10_000


class Price(TypeDecorator[Decimal]):
    """An exact amount, stored as an integer of ten-thousandths: SQLite has no decimal type."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Converts an amount to ten-thousandths."""
        return None if value is None else int((value * PRICE_SCALE).to_integral_value())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Converts ten-thousandths to an amount with at least two decimals."""
        if value is None:
            return None
        places = Decimal("0.01") if value % 100 == 0 else Decimal("0.0001")
        return (Decimal(value) / PRICE_SCALE).quantize(places)


class Base(DeclarativeBase):
    """The base of all models."""

    metadata = MetaData(naming_convention=NAMES)


class StateRow(Base):
    """A single row: the id of this catalogue, and the versions of its contents and its rules."""

    __tablename__ = "catalogue_state"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    instance: Mapped[str] = mapped_column(String(32))
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    rules_version: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class SourceRow(Base):
    """An ingested source. Photo paths are relative to ``root``."""

    __tablename__ = "sources"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(String(40))
    root: Mapped[str] = mapped_column(Text)
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ProductRow(Base):
    """A product.

    ``number`` is the order in which products were first ingested, and ``changed`` the version of
    the catalogue in which this row was last written. ``digest`` identifies the product's values,
    and ``row_digest`` the source row that they were read from; see
    `catalog.ingest.stored.bind_row_digest`. ``search_text`` and ``search_more`` are the words that
    are searched, see `catalog.search`; triggers keep the table ``product_search`` up to date.
    """

    __tablename__ = "products"
    __table_args__ = (
        UniqueConstraint("product_id"),
        Index(None, "category"),
        Index(None, "colour"),
        Index(None, "group_id"),
        Index(None, "source_id"),
        Index(None, "changed"),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[str] = mapped_column(Text)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    digest: Mapped[str] = mapped_column(String(64))
    row_digest: Mapped[str | None] = mapped_column(String(48))
    title: Mapped[str] = mapped_column(Text)
    search_text: Mapped[str] = mapped_column(Text)
    search_more: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    brand: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    gender: Mapped[str | None] = mapped_column(String(20))
    age_group: Mapped[str | None] = mapped_column(String(20))
    colour: Mapped[str | None] = mapped_column(Text)
    pattern: Mapped[str | None] = mapped_column(Text)
    price: Mapped[Decimal | None] = mapped_column(Price)
    sale_price: Mapped[Decimal | None] = mapped_column(Price)
    currency: Mapped[str | None] = mapped_column(String(3))
    availability: Mapped[str] = mapped_column(String(20))
    group_id: Mapped[str | None] = mapped_column(Text)
    link: Mapped[str | None] = mapped_column(Text)
    attributes: Mapped[dict[str, str]] = mapped_column(JSON)
    retired: Mapped[bool] = mapped_column(default=False)
    changed: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class SkuRow(Base):
    """A SKU of a product, or the shop's own id of it or of a variant.

    Triggers keep these rows, from the attributes ``sku``, ``variant_id`` and ``shop_id``.
    """

    __tablename__ = "product_skus"
    __table_args__ = (Index(None, "number"),)

    sku: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(
        ForeignKey("products.number", ondelete="CASCADE"), primary_key=True
    )


class PhotoRow(Base):
    """A photo of a product: ready, waiting for its download, or rejected with code and reason.

    ``given`` is the path or address as the source wrote it, ``path`` the checked path below the
    source's root. ``bytes`` and ``mtime_ns`` show whether the file changed since it was checked.
    For an address, ``path`` is below the home and ``fetch_key`` is that of its `FetchRow`.
    """

    __tablename__ = "photos"
    __table_args__ = (
        UniqueConstraint("product_number", "position"),
        Index(None, "content_hash"),
        Index(None, "fetch_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_number: Mapped[int] = mapped_column(ForeignKey("products.number", ondelete="CASCADE"))
    position: Mapped[int]
    given: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20))
    path: Mapped[str | None] = mapped_column(Text)
    content_hash: Mapped[str | None] = mapped_column(String(64))
    width: Mapped[int | None]
    height: Mapped[int | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    mtime_ns: Mapped[int | None] = mapped_column(BigInteger)
    code: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    fetch_key: Mapped[str | None] = mapped_column(String(64))


class RuleRow(Base):
    """A merchandising rule, see `catalog.rules.rule`; ``conditions`` is its ``where``."""

    __tablename__ = "rules"

    rule_id: Mapped[str] = mapped_column(Text, primary_key=True)
    action: Mapped[str] = mapped_column(String(20))
    product_id: Mapped[str | None] = mapped_column(Text)
    conditions: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    field: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int | None]
    amount: Mapped[float | None] = mapped_column(Double)
    category: Mapped[str | None] = mapped_column(Text)
    seed: Mapped[str | None] = mapped_column(Text)
    page: Mapped[str | None] = mapped_column(Text)
    starts: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ends: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class FetchRow(Base):
    """The state of one photo address, which any number of products may share.

    ``fetch_key`` is the SHA-256 of ``address``, which may be too long for an index. The columns
    from ``content_hash`` to ``last_modified`` describe the photo of the last successful download,
    if any. ``tries`` counts failures since, and ``code`` and ``reason`` are those of the last one.
    The address is requested again at ``next_try``.
    """

    __tablename__ = "fetches"
    __table_args__ = (Index(None, "content_hash"),)

    fetch_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    address: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str | None] = mapped_column(String(64))
    path: Mapped[str | None] = mapped_column(Text)
    width: Mapped[int | None]
    height: Mapped[int | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    fetched_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    tried_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    tries: Mapped[int]
    next_try: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    code: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)


class FeedRow(Base):
    """The last complete ingest of a feed from an address: an unchanged feed is not read again.

    ``asked`` is a digest of the address and of all options that affect the result. From
    ``fresh_until`` on, the same bytes give another result, as a sale begins or ends.
    """

    __tablename__ = "feeds"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    asked: Mapped[str] = mapped_column(String(64))
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    read_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    fresh_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
