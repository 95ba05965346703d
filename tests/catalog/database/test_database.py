"""The database opens with the current schema only; errors name the next step."""

import subprocess
import sys

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from catalog.database.database import Database, alembic_config
from catalog.database.models import Base
from catalog.errors import DatabaseError, MigrationNeeded
from catalog.settings import CatalogSettings
from tests.databases import only_sqlite
from tests.waiting import LONG


def test_open_before_anything_was_ingested(new_database_url, home):
    with pytest.raises(MigrationNeeded, match="lookalike ingest"):
        Database.open(CatalogSettings())
    assert not (home / "catalog.db").exists()


@only_sqlite
def test_sqlite_is_set_up(db):
    with db.read() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert pragmas["journal_mode"] == "wal"
    assert pragmas["foreign_keys"] == 1
    assert pragmas["synchronous"] == 1
    assert pragmas["busy_timeout"] >= 10_000


def is_modelled(name: str | None, *_: object) -> bool:
    """Whether a table has a model; the index of the search, made of several tables, has none."""
    return not (name or "").startswith("product_search")


def differences(db: Database) -> list[object]:
    with db.read() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": is_modelled,
        }
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, Base.metadata)


def test_models_equal_migrations(db):
    assert differences(db) == []


def move(db: Database, to: str) -> None:
    """Migrates up or down to a revision."""
    with db.engine.connect().execution_options(write=True) as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        (command.upgrade if to == "head" else command.downgrade)(config, to)


def test_migrations_go_up_down_and_up_again(new_database_url):
    settings = CatalogSettings()
    Database.migrate(settings)
    db = Database.open(settings)

    def tables() -> set[str]:
        with db.read() as connection:
            names = set(inspect(connection).get_table_names()) - {"alembic_version"}
        return {name for name in names if is_modelled(name)}

    before = tables()
    assert before == set(Base.metadata.tables)
    move(db, "base")
    assert tables() == set()
    with db.read() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    with pytest.raises(MigrationNeeded):
        Database.open(settings)
    Database.migrate(settings)
    assert tables() == before
    assert differences(db) == []
    Database.open(settings).close()


def test_each_migration_goes_down_and_up_again(db):
    revisions = [r.revision for r in ScriptDirectory.from_config(alembic_config()).walk_revisions()]
    for revision in [*revisions[1:], "base"]:
        move(db, revision)
        move(db, "head")
        assert differences(db) == []


def test_foreign_keys_hold(db):
    product = "INSERT INTO photos (product_number, position, given, state) VALUES (9, 0, 'a', 'r')"
    with pytest.raises(DatabaseError) as caught, db.write() as connection, connection.begin():
        connection.execute(text(product))
    assert isinstance(caught.value.__cause__, IntegrityError)


def test_an_unknown_schema_is_refused(catalog_settings, db):
    with db.write() as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for action in (Database.open, Database.migrate):
        with pytest.raises(MigrationNeeded, match="Upgrade Lookalike"):
            action(catalog_settings)


@only_sqlite
def test_a_file_that_is_not_a_database(catalog_settings):
    (catalog_settings.resolved_home / "catalog.db").write_bytes(b"something else " * 100)
    for action in (Database.open, Database.migrate):
        with pytest.raises(DatabaseError, match="not a database"):
            action(catalog_settings)


def test_a_home_that_cannot_be_created(home):
    (home / "file").touch()
    with pytest.raises(DatabaseError, match="LOOKALIKE_HOME"):
        Database.migrate(CatalogSettings(home=home / "file" / "below"))


def test_an_invalid_database_address(home):
    with pytest.raises(DatabaseError, match="not a database address"):
        Database.open(CatalogSettings(database_url="over there"))


def test_a_database_without_a_driver(home):
    with pytest.raises(DatabaseError, match="The driver for"):
        Database.open(CatalogSettings(database_url="nosuchdb://host/name"))


def test_processes_that_start_together_create_one_catalogue(new_database_url):
    code = "from catalog.db import Database; Database.migrate(); Database.open().close()"
    started = [
        subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ends = [(process.wait(LONG), process.communicate()[1]) for process in started]
    assert ends == [(0, "")] * 3


def test_a_catalogue_of_the_first_version_keeps_its_products(catalog_settings, db):
    with db.write() as connection, connection.begin():
        connection.execute(text("INSERT INTO sources VALUES (1, 's', 'table', '/', NULL)"))
        connection.execute(
            text(
                "INSERT INTO products (number, product_id, source_id, digest, title, search_text,"
                " availability, attributes, retired)"
                " VALUES (1, 'p', 1, '', 'P', 'p', 'in_stock', '{}', false)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO photos (product_number, position, given, state)"
                " VALUES (1, 0, 'a', 'r')"
            )
        )
    move(db, "0001")
    Database.migrate(catalog_settings)
    with db.read() as connection:
        counts = [
            connection.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("products", "photos")
        ]
        assert counts == [1, 1]
        assert connection.scalar(text("SELECT rules_version FROM catalogue_state")) == 0


def test_an_unreachable_server_is_named_without_its_password(home):
    settings = CatalogSettings(database_url="postgresql://me:secret@127.0.0.1:1/shop")
    for action in (Database.open, Database.migrate):
        with pytest.raises(DatabaseError, match=r"@127\.0\.0\.1:1/shop cannot be used") as caught:
            action(settings)
        assert "secret" not in str(caught.value)
