"""The values of photo rows for photos at addresses, derived from the status of the downloads."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from catalog.database.models import FetchRow
from catalog.database.statements import chunks
from catalog.errors import FetchError
from catalog.fetching.addresses import parse_address
from catalog.fetching.photo_store import PhotoStore, StoredPhoto
from catalog.photos.check import PhotoFacts
from catalog.records import PhotoState
from catalog.settings import CatalogSettings

CONTENT = (
    FetchRow.fetch_key,
    FetchRow.path,
    FetchRow.content_hash,
    FetchRow.width,
    FetchRow.height,
    FetchRow.bytes,
)


def fetch_key(address: str) -> str:
    """The key of an address as a source wrote it: its SHA-256, in hexadecimal digits."""
    return hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()


def known_photo_facts(
    connection: Connection, addresses: Iterable[str], settings: CatalogSettings
) -> dict[str, PhotoFacts]:
    """The facts of photo addresses by address: ready if a photo is stored, else waiting.

    An address that can never be requested is rejected. A photo whose file is missing waits again.
    """
    facts: dict[str, PhotoFacts] = {}
    keys: dict[str, str] = {}
    for given in dict.fromkeys(addresses):
        try:
            parse_address(given)
        except FetchError as error:
            facts[given] = PhotoFacts(
                given, PhotoState.REJECTED, code=error.code, reason=str(error)
            )
        else:
            keys[fetch_key(given)] = given
            facts[given] = waiting_facts(given)
    store = PhotoStore(settings)
    for some in chunks(list(keys)):
        query = select(*CONTENT).where(
            FetchRow.fetch_key.in_(some), FetchRow.content_hash.is_not(None)
        )
        found: Any = connection.execute(query)
        for key, path, *content in found:
            if store.has(path, content[-1]):
                facts[keys[key]] = ready_facts(keys[key], StoredPhoto(path, *content), settings)
    return facts


def waiting_facts(given: str) -> PhotoFacts:
    """The facts of an address that has no photo (yet)."""
    return PhotoFacts(given, PhotoState.WAITING, fetch_key=fetch_key(given))


def ready_facts(given: str, photo: StoredPhoto, settings: CatalogSettings) -> PhotoFacts:
    """The facts of an address whose photo is stored; rejected if it exceeds today's limits."""
    key = fetch_key(given)
    for code, value, limit, unit in (
        ("pixels", photo.width * photo.height, settings.max_photo_pixels, "pixels"),
        ("too_large", photo.bytes, settings.max_photo_bytes, "bytes"),
    ):
        if value > limit:
            reason = (
                f"{given} has {value:,} {unit} and the limit is {limit:,} "
                f"(LOOKALIKE_MAX_PHOTO_{unit.upper()})."
            )
            return PhotoFacts(given, PhotoState.REJECTED, code=code, reason=reason, fetch_key=key)
    return PhotoFacts(given, PhotoState.READY, **asdict(photo), fetch_key=key)
