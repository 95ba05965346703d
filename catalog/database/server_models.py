"""The tables of what several web servers share, which never leave this package."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.models import Base


class SecretRow(Base):
    """A secret of all web servers, see `catalog.servers.secrets`."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
