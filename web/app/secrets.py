"""The shop's own secrets: generated once, and kept in the home or in the shared database."""

import secrets
from contextlib import closing, suppress
from pathlib import Path

from catalog.database.connections import url_of
from catalog.database.database import Database
from catalog.errors import DatabaseError, SchemaBehind
from catalog.files import write_whole
from catalog.servers.secrets import shared_secret
from catalog.settings import CatalogSettings
from web.app.errors import SettingsError

SHORTEST = 16  # characters


def kept_secret(home: Path, name: str, setting: str) -> str:
    """A secret of the shop, generated if there is none.

    Where the catalogue is in PostgreSQL, which several web servers may share, the secret is kept
    there, and the home has a copy for people. A home that had one of its own gives it to the
    others, so that nobody is signed out when a shop moves.

    Args:
        home: of the shop.
        name: of the file in the home, and of the secret.
        setting: what to set instead, for messages.

    Raises:
        SettingsError: it cannot be read or written.
        catalog.errors.DatabaseError: the database cannot be reached, and the home has no copy.
    """
    path = home.expanduser().resolve() / name
    settings = CatalogSettings(home=home)
    if url_of(settings).get_backend_name() != "postgresql":
        return stored_secret(path, setting)

    def make() -> str:
        return stored_secret(path, setting) if path.exists() else secrets.token_hex(32)

    try:
        with closing(Database.open(settings)) as database:
            secret = shared_secret(database, name, make)
    except DatabaseError as error:
        # A server may start before its database does, or before the first ingest, to which this
        # home then gives its secret.
        if path.exists() or isinstance(error, SchemaBehind):
            return stored_secret(path, setting)
        raise
    with suppress(OSError):
        if not path.exists() or path.read_text(encoding="ascii").strip() != secret:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, secret, mode=0o600)
    return secret


def stored_secret(path: Path, setting: str) -> str:
    """A secret in a file that only its owner can read; generated if there is none.

    Args:
        path: the file.
        setting: what to set instead, for messages.

    Raises:
        SettingsError: it cannot be read or written.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Several server processes may try at once: the first one's secret stays.
            write_whole(path, secrets.token_hex(32), mode=0o600, overwrite=False)
        secret = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(
            f"The secret key {path} cannot be stored ({error.strerror}). "
            f"Make the home writable, or set {setting}."
        ) from error
    if len(secret) < SHORTEST:
        raise SettingsError(
            f"The secret key in {path} is too short. Delete the file to get a new key."
        )
    return secret
