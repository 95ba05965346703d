"""What a photo row says of an address, taken from what is known of the address."""

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from catalog.database.models import FetchRow
from catalog.database.statements import chunks
from catalog.errors import FetchError
from catalog.fetching.addresses import parse_address
from catalog.fetching.store import PhotoStore
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


def key_of(address: str) -> str:
    """The key of an address as a source wrote it."""
    return hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()


def known_facts(
    connection: Connection, addresses: Iterable[str], settings: CatalogSettings
) -> dict[str, PhotoFacts]:
    """The facts of photo addresses, from what was fetched so far; the others wait.

    An address that can never be asked is rejected here. A photo whose file is gone waits again.
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
            keys[key_of(given)] = given
            facts[given] = waiting(given)
    store = PhotoStore(settings)
    for some in chunks(list(keys)):
        query = select(*CONTENT).where(
            FetchRow.fetch_key.in_(some), FetchRow.content_hash.is_not(None)
        )
        found: Any = connection.execute(query)
        for key, path, *content in found:
            if store.has(path, content[-1]):
                facts[keys[key]] = ready(keys[key], path, *content, settings=settings)
    return facts


def waiting(given: str) -> PhotoFacts:
    """The facts of an address that has no photo (yet)."""
    return PhotoFacts(given, PhotoState.WAITING, fetch_key=key_of(given))


def ready(
    given: str,
    path: str,
    content_hash: str,
    width: int,
    height: int,
    size: int,
    *,
    settings: CatalogSettings,
) -> PhotoFacts:
    """The facts of an address whose photo is in the store; the limits may be others by now."""
    key = key_of(given)
    for code, has, most, unit in (
        ("pixels", width * height, settings.max_photo_pixels, "pixels"),
        ("too_large", size, settings.max_photo_bytes, "bytes"),
    ):
        if has > most:
            reason = (
                f"{given} has {has:,} {unit} and the limit is {most:,} "
                f"(LOOKALIKE_MAX_PHOTO_{unit.upper()})."
            )
            return PhotoFacts(given, PhotoState.REJECTED, code=code, reason=reason, fetch_key=key)
    return PhotoFacts(
        given, PhotoState.READY, path, content_hash, width, height, size, fetch_key=key
    )
