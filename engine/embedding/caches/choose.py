"""The vector cache that the settings name."""

from engine.embedding.caches.cache import VectorCache
from engine.embedding.caches.parquet import ParquetCache
from engine.embedding.caches.sqlite import SqliteCache
from engine.settings import EngineSettings


def open_cache(settings: EngineSettings) -> VectorCache:
    """Open the cache: the file in the home, or the folder or store that all machines share.

    Raises:
        SettingsError: the setting names no place.
        CacheError: it cannot be used.
    """
    if settings.vector_cache:
        return ParquetCache(settings.vector_cache)
    return SqliteCache(settings.vectors_file)


def has_cache(settings: EngineSettings) -> bool:
    """Whether there may be cached vectors; opens and makes nothing."""
    return bool(settings.vector_cache) or settings.vectors_file.exists()
