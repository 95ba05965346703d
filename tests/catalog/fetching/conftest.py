"""A local web server, photos to serve, and a catalogue that may request them."""

import io
import threading

import pytest
from PIL import Image

from catalog.fetching.run import fetch
from catalog.ingest.run import ingest
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from tests.catalog.fetching.photo_server import serving


@pytest.fixture
def server():
    """The web server; what stalls lets go at the end."""
    with serving() as running:
        running.released = threading.Event()
        yield running
        running.released.set()


def photo(colour="red", format="JPEG", size=(32, 40), **options) -> bytes:
    """The bytes of a photo of one colour."""
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, format, **options)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Waits within a run are short."""
    from catalog.fetching import schedule

    monkeypatch.setattr(schedule, "IN_RUN_BACKOFF", schedule.Backoff(0.01, 0.02))


@pytest.fixture
def settings(catalog_settings, monkeypatch):
    """Settings that allow this machine."""
    monkeypatch.setenv("LOOKALIKE_FETCH_HOSTS", "127.0.0.1")
    monkeypatch.setenv("LOOKALIKE_FETCH_SECONDS", "60")
    return CatalogSettings()


@pytest.fixture
def shop(db, settings, tmp_path, write_csv):
    """Ingest rows of id and photos; then `shop.fetch()`."""

    class Shop:
        def ingest(self, rows, **options):
            path = write_csv(
                tmp_path / "feed.csv",
                [{"id": i, "title": f"T{i}", "photos": p} for i, p in rows.items()],
            )
            return ingest(db, open_source(path), settings=settings, **options)

        def fetch(self, **options):
            return fetch(db, options.pop("settings", settings), **options)

    return Shop()
