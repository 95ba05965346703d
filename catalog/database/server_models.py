"""The tables of what several web servers share, which never leave this package."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.models import Base


class SecretRow(Base):
    """A secret of all web servers, see `catalog.servers.secrets`."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class LeaseRow(Base):
    """Who does a work that one process does at a time, see `catalog.servers.leases`."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    holder: Mapped[str] = mapped_column(Text)
    fence: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SharedIndexRow(Base):
    """The live index on a shared folder or object store, see `catalog.servers.index_pointer`.

    There is one row. ``published`` has the names of the last generations, one a line, the newest
    last.
    """

    __tablename__ = "shared_index"

    place: Mapped[str] = mapped_column(String(40), primary_key=True)
    generation: Mapped[str] = mapped_column(String(100))
    generation_digest: Mapped[str] = mapped_column(String(64))
    delta: Mapped[str | None] = mapped_column(String(100))
    delta_digest: Mapped[str | None] = mapped_column(String(64))
    published: Mapped[str] = mapped_column(Text)


class SharedStylesRow(Base):
    """The file of styles of servers that share an index, see `catalog.servers.shared_styles`.

    There is one row. ``digest`` is the SHA-256 of ``content``.
    """

    __tablename__ = "shared_styles"

    place: Mapped[str] = mapped_column(String(40), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
