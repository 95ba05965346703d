"""The store that the settings name; the packages of a server are imported only for it."""

from catalog.database.postgres import PostgresServer
from catalog.products.catalogue import Catalogue
from catalog.shared_files import open_shared
from engine.errors import SettingsError
from engine.index.stores.annoy import ANNOY
from engine.index.stores.shared_annoy.store import SharedAnnoyStore
from engine.index.stores.store import VectorStore
from engine.settings import EngineSettings


def open_store(settings: EngineSettings, catalogue: Catalogue) -> VectorStore:
    """The store of the settings; it does not connect yet.

    Args:
        settings: name the store.
        catalogue: beside which pgvector keeps rows, and Milvus its pointer.

    Raises:
        SettingsError: the catalogue is not in PostgreSQL, which all servers of a shared index need;
            two settings name two places of the index; or a package is missing.
    """
    if settings.shared_index is not None:
        return _shared(settings, settings.shared_index, catalogue)
    if settings.store == ANNOY.name:
        return ANNOY
    if not PostgresServer.is_postgres(catalogue.db):
        kept = "the index" if settings.store == "pgvector" else "which index is live"
        raise SettingsError(
            f"LOOKALIKE_STORE={settings.store} keeps {kept} beside the catalogue in PostgreSQL, "
            "and this catalogue is in another database. Set LOOKALIKE_DATABASE_URL to a PostgreSQL "
            "server, or leave LOOKALIKE_STORE out."
        )
    server = PostgresServer(catalogue.db)
    if settings.store == "pgvector":
        from engine.index.stores.pgvector import PgVectorStore  # needs psycopg

        return PgVectorStore(server)
    try:
        from engine.index.stores.milvus import MilvusStore
    except ModuleNotFoundError as error:
        raise SettingsError(
            "LOOKALIKE_STORE=milvus needs the package pymilvus: pip install 'lookalike[milvus]'."
        ) from error
    return MilvusStore(server, settings)


def _shared(settings: EngineSettings, address: str, catalogue: Catalogue) -> VectorStore:
    if settings.store != ANNOY.name:
        raise SettingsError(
            f"LOOKALIKE_STORE={settings.store} keeps the index where all servers find it, and "
            "LOOKALIKE_SHARED_INDEX is for the store annoy. Set one of the two."
        )
    if not PostgresServer.is_postgres(catalogue.db):
        raise SettingsError(
            "LOOKALIKE_SHARED_INDEX is for several web servers, and this catalogue is in SQLite, "
            "which serves one machine. Set LOOKALIKE_DATABASE_URL to a PostgreSQL server, or leave "
            "LOOKALIKE_SHARED_INDEX out."
        )
    return SharedAnnoyStore(open_shared(address), catalogue)
