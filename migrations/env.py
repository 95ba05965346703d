"""Runs the migrations on a given connection, or on one of the settings."""

from typing import TYPE_CHECKING

from alembic import context

import catalog.database.desk_models
import catalog.database.event_models  # noqa: F401 - both so that the metadata has every table
from catalog.database.connections import engine_for, url_of
from catalog.database.models import Base
from catalog.settings import CatalogSettings

if TYPE_CHECKING:
    from sqlalchemy import Connection


def has_model(name: str | None, *_: object) -> bool:
    """Whether a table has a model; those of the search index have none."""
    return not (name or "").startswith("product_search")


def run(connection: "Connection") -> None:
    """Runs the requested migrations in one transaction, so that a kill leaves no half of them."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite alters a table by copying it
        transactional_ddl=True,
        compare_type=True,
        include_name=has_model,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_by_settings() -> None:
    """Connects as the settings say: `alembic` was called by hand."""
    engine = engine_for(url_of(CatalogSettings()))
    with engine.connect().execution_options(write=True) as connection:
        run(connection)


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    run_by_settings()
