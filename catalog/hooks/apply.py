"""Applies the queued deliveries to the catalogue, each in one transaction.

The catalogue, the stored state of Shopify, and the delivery's own state change together or not at
all. So a process that is killed at any moment has applied a delivery once or not at all.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from catalog.database.database import Database
from catalog.database.statements import lock_catalogue
from catalog.errors import CatalogError, HookError
from catalog.hooks import shopify_state
from catalog.hooks.payload import (
    Product,
    ProductDeletion,
    ProductUpdate,
    StockLevel,
    completed,
    is_cut,
    items_of,
    parse_payload,
    with_pieces,
)
from catalog.hooks.product_writer import ProductWriter
from catalog.hooks.queue import MAX_TRIES, Claim, HookQueue, HookState, finish, is_mine
from catalog.records import NOT_SOLD, ProductRecord, Rejection
from catalog.settings import CatalogSettings
from catalog.sources.colourways.item import Item, records_of
from catalog.sources.shopify.json_products import item_of
from catalog.vocabulary.synonyms import Synonyms

log = logging.getLogger(__name__)

MAX_REASON_LENGTH = 500
OLDER = "a newer one was applied already"
DELETED = "the product was deleted"
NO_PRODUCT = "no product with this inventory item is known yet; the level is kept until one is"


@dataclass(frozen=True, slots=True)
class HookReport:
    """What one run over the queue did.

    Attributes:
        applied: deliveries that were applied.
        skipped: deliveries with nothing new.
        failed: deliveries that are retried later, or parked after the last try.
        waiting: what is left in the queue.
        parked: deliveries that failed too often; see `catalog.hooks.queue.HookQueue.retry`.
    """

    applied: int
    skipped: int
    failed: int
    waiting: int
    parked: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The new state of one delivery, and the reason unless it was simply applied."""

    state: HookState
    reason: str | None = None


def apply_pending(
    db: Database,
    settings: CatalogSettings,
    *,
    limit: int | None = None,
    now: Callable[[], datetime] | None = None,
) -> HookReport:
    """Applies the deliveries that are due to the catalogue, the oldest first.

    Any number of processes may do this at once, also beside an ingest.

    Args:
        db: the catalogue.
        settings: the shop's synonyms, the limits of photos, and how long deliveries are kept.
        limit: the most deliveries; None: all that are due.
        now: the clock; by default that of `HookQueue.now`.

    Raises:
        catalog.errors.DatabaseError: the database cannot be written. What was not applied waits.
    """
    queue = HookQueue(db)
    now = now or queue.now
    synonyms = Synonyms.load(settings.words)
    counts = dict.fromkeys(HookState, 0)
    done = 0
    while limit is None or done < limit:
        claim = queue.claim(now())
        if claim is None:
            break
        outcome = apply(db, settings, synonyms, claim, now())
        if outcome is not None:
            counts[outcome.state] += 1
        done += 1
    queue.prune(now() - timedelta(days=settings.hook_days))
    left = queue.backlog()
    return HookReport(
        applied=counts[HookState.APPLIED],
        skipped=counts[HookState.SKIPPED],
        failed=counts[HookState.WAITING] + counts[HookState.PARKED],
        waiting=left.waiting,
        parked=left.parked,
    )


def apply(
    db: Database, settings: CatalogSettings, synonyms: Synonyms, claim: Claim, now: datetime
) -> Outcome | None:
    """Applies one claimed delivery; None if another process has done so meanwhile.

    Raises:
        catalog.errors.DatabaseError: the database cannot be written.
    """
    with db.write() as connection, connection.begin():
        lock_catalogue(connection)  # before the delivery, always in this order: no deadlocks
        if not is_mine(connection, claim):
            return None
        try:
            with connection.begin_nested():
                outcome = _apply_payload(ProductWriter(connection, settings), synonyms, claim)
        except OperationalError:
            raise  # the database failed, not the delivery
        except Exception as error:  # any other one must not block the deliveries after it
            if not isinstance(error, CatalogError):
                log.exception("A webhook of %s failed unexpectedly", claim.topic)
            outcome = Outcome(_state_after_failure(claim), _reason(error))
        finish(connection, claim, outcome.state, now, outcome.reason)
    return outcome


def _state_after_failure(claim: Claim) -> HookState:
    return HookState.PARKED if claim.tries >= MAX_TRIES else HookState.WAITING


def _reason(error: Exception) -> str:
    """The message of an error in ASCII; of an unexpected one with its class."""
    kind = "" if isinstance(error, CatalogError) else f"{type(error).__name__}: "
    text = f"{kind}{error}" if str(error) else type(error).__name__
    return text.encode("ascii", "backslashreplace").decode()[:MAX_REASON_LENGTH].replace("\0", "")


def _apply_payload(writer: ProductWriter, synonyms: Synonyms, claim: Claim) -> Outcome:
    payload = parse_payload(claim.topic, claim.body)
    if isinstance(payload, ProductUpdate):
        return _update(writer, synonyms, payload, claim)
    if isinstance(payload, ProductDeletion):
        return _delete(writer, payload)
    return _set_level(writer, synonyms, payload)


def _update(
    writer: ProductWriter, synonyms: Synonyms, update: ProductUpdate, claim: Claim
) -> Outcome:
    """Brings our products of one Shopify product to the state that an ingest would give them."""
    connection = writer.connection
    before = shopify_state.newest(connection, update.shopify_id)
    if before is not None and before.deleted:
        return Outcome(HookState.SKIPPED, DELETED)
    if before is not None and shopify_state.is_older(update, claim.triggered_at, before):
        return Outcome(HookState.SKIPPED, OLDER)
    cut = is_cut(update.product)
    if cut and before is not None and before.product is not None:
        update = _completed(connection, update, before.product, before.updated_at)
    item, entries = _entries(connection, synonyms, update)
    products = [entry for entry in entries if isinstance(entry, ProductRecord)]
    wrong = [entry for entry in entries if isinstance(entry, Rejection) and entry.code != NOT_SOLD]
    if wrong and not products:
        raise HookError(wrong[0].reason)
    rejected = {entry.product_id for entry in wrong if entry.product_id}
    stored = shopify_state.ids_of(connection, update.shopify_id)
    stored |= shopify_state.ids_of_handle(connection, item.handle, update.shopify_id)
    # A product whose new values are rejected keeps its old ones; it is not retired.
    kept = {product.product_id for product in products} | (rejected & stored)
    if cut and not item.not_sold:
        kept |= stored  # the missing ones are still sold, they are only not listed
    writer.put(products)
    writer.retire(stored - kept)
    shopify_state.keep_product(connection, update, claim.triggered_at)
    shopify_state.keep_ids(connection, update.shopify_id, kept)
    if wrong:
        reasons = "; ".join(f"{entry.product_id}: {entry.reason}" for entry in wrong[:3])
        text = f"all but {len(wrong)} applied; {reasons}"
        return Outcome(_state_after_failure(claim), text[:MAX_REASON_LENGTH])
    return Outcome(HookState.APPLIED)


def _completed(
    connection: Connection, update: ProductUpdate, known: Product, since: datetime
) -> ProductUpdate:
    """A cut update with the variants that it does not list, with their newest stock levels."""
    pieces = shopify_state.pieces_since(connection, items_of(known).keys(), since)
    product = completed(update.product, with_pieces(known, pieces))
    return replace(update, product=product, items=items_of(product))


def _entries(
    connection: Connection, synonyms: Synonyms, update: ProductUpdate
) -> tuple[Item, list[ProductRecord | Rejection]]:
    """Our products of a Shopify product, with its newest stock levels and the shop's synonyms."""
    pieces = shopify_state.pieces_since(connection, update.items.keys(), update.updated_at)
    item = item_of(1, with_pieces(update.product, pieces))
    return item, [
        synonyms.apply(entry) if isinstance(entry, ProductRecord) else entry
        for entry in records_of(item)
    ]


def _delete(writer: ProductWriter, deletion: ProductDeletion) -> Outcome:
    before = shopify_state.newest(writer.connection, deletion.shopify_id)
    if before is None:
        raise HookError(
            f"the products of Shopify's id {deletion.shopify_id} are not known: no earlier webhook "
            "was about it. Ingest the shop's products with --sync, which retires what is gone"
        )
    if before.deleted:
        return Outcome(HookState.SKIPPED, DELETED)
    writer.retire(shopify_state.ids_of(writer.connection, deletion.shopify_id))
    shopify_state.keep_deleted(writer.connection, deletion.shopify_id, before)
    return Outcome(HookState.APPLIED)


def _set_level(writer: ProductWriter, synonyms: Synonyms, level: StockLevel) -> Outcome:
    """Updates availability, and the price if another variant is now the cheapest available one."""
    connection = writer.connection
    owner = shopify_state.product_of(connection, level.item_id)
    newest = shopify_state.newest(connection, owner) if owner is not None else None
    product = None
    if owner is not None and newest is not None and newest.product is not None:
        items = items_of(newest.product)
        product = ProductUpdate(owner, newest.updated_at, newest.product, items)
    before = _by_id(connection, synonyms, product) if product else {}
    if not shopify_state.keep_level(connection, level):
        return Outcome(HookState.SKIPPED, OLDER)
    if product is None:
        return Outcome(HookState.SKIPPED, NO_PRODUCT)
    for product_id, record in _by_id(connection, synonyms, product).items():
        price_changed = _price(before.get(product_id)) != _price(record)
        writer.set_availability(record, with_price=price_changed)
    return Outcome(HookState.APPLIED)


def _by_id(
    connection: Connection, synonyms: Synonyms, update: ProductUpdate
) -> dict[str, ProductRecord]:
    entries = _entries(connection, synonyms, update)[1]
    return {entry.product_id: entry for entry in entries if isinstance(entry, ProductRecord)}


def _price(record: ProductRecord | None) -> tuple[object, ...] | None:
    return None if record is None else (record.price, record.sale_price, record.currency)
