"""From the queue into the catalogue: each delivery in one transaction with what it changes.

The catalogue, what is known of Shopify's ids, and the delivery's own state change together or not
at all: whoever is killed at any moment has applied a delivery or has not, and never half or twice.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from catalog.database.database import Database
from catalog.errors import CatalogError, HookError
from catalog.hooks import known
from catalog.hooks.payload import LevelTold, ProductGone, ProductTold, items_of, read, with_pieces
from catalog.hooks.products import Shelves, lock
from catalog.hooks.queue import MAX_TRIES, Claim, HookQueue, HookState, finish, is_mine
from catalog.records import NOT_SOLD, ProductRecord, Rejection
from catalog.settings import CatalogSettings
from catalog.sources.shopify.json_products import item_of
from catalog.sources.shopify.product import Item, records_of
from catalog.utc import utc_now
from catalog.vocabulary.synonyms import Synonyms

log = logging.getLogger(__name__)

MAX_REASON = 500
OLDER = "something newer was applied already"
GONE = "the product was deleted"
NO_PRODUCT = "no product has told of this inventory item yet; the level is kept for when one does"


@dataclass(frozen=True, slots=True)
class HookReport:
    """What one run over the queue did; ``waiting`` and ``parked`` are what is left.

    ``skipped`` told nothing new. ``failed`` will be tried again, up to a number of times, and are
    then parked.
    """

    applied: int
    skipped: int
    failed: int
    waiting: int
    parked: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery, and why if it was not simply applied."""

    state: HookState
    reason: str | None = None


def apply_pending(
    db: Database,
    settings: CatalogSettings,
    *,
    limit: int | None = None,
    now: Callable[[], datetime] = utc_now,
) -> HookReport:
    """Bring what Shopify told into the catalogue, the oldest delivery first.

    Any number of processes may do this at once, and beside an ingest.

    Args:
        db: the catalogue.
        settings: the shop's words, how photos are checked, and how long deliveries are remembered.
        limit: at most this many deliveries; None: all that are due.
        now: tells the time.

    Raises:
        catalog.errors.DatabaseError: the database cannot be written. What was not applied waits.
    """
    queue = HookQueue(db)
    words = Synonyms.load(settings.words)
    counts = dict.fromkeys(HookState, 0)
    done = 0
    while limit is None or done < limit:
        claim = queue.claim(now())
        if claim is None:
            break
        outcome = apply(db, settings, words, claim, now())
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
    db: Database, settings: CatalogSettings, words: Synonyms, claim: Claim, now: datetime
) -> Outcome | None:
    """Apply one delivery that was claimed; None if somebody else has done so meanwhile.

    Raises:
        catalog.errors.DatabaseError: the database cannot be written.
    """
    with db.write() as connection, connection.begin():
        lock(connection)  # always the catalogue first, then the delivery: so nobody waits for ever
        if not is_mine(connection, claim):
            return None
        try:
            with connection.begin_nested():
                outcome = _act(Shelves(connection, settings), words, claim)
        except OperationalError:
            raise  # the database's own trouble, not the delivery's
        except Exception as error:  # whatever it is: it must not stop those after it
            if not isinstance(error, CatalogError):
                log.exception("A webhook of %s failed unexpectedly", claim.topic)
            outcome = Outcome(_after(claim), _told(error))
        finish(connection, claim, outcome.state, now, outcome.reason)
    return outcome


def _after(claim: Claim) -> HookState:
    """Where a failure leaves a delivery."""
    return HookState.PARKED if claim.tries >= MAX_TRIES else HookState.WAITING


def _told(error: Exception) -> str:
    kind = "" if isinstance(error, CatalogError) else f"{type(error).__name__}: "
    text = f"{kind}{error}" if str(error) else type(error).__name__
    return text.encode("ascii", "backslashreplace").decode()[:MAX_REASON].replace("\0", "")


def _act(shelves: Shelves, words: Synonyms, claim: Claim) -> Outcome:
    told = read(claim.topic, claim.body)
    if isinstance(told, ProductTold):
        return _product(shelves, words, told, claim)
    if isinstance(told, ProductGone):
        return _gone(shelves, told)
    return _level(shelves, words, told)


def _product(shelves: Shelves, words: Synonyms, told: ProductTold, claim: Claim) -> Outcome:
    """Make the catalogue's products of one of Shopify's what they would be after an ingest."""
    connection = shelves.connection
    before = known.newest(connection, told.shopify_id)
    if before is not None and before.deleted:
        return Outcome(HookState.SKIPPED, GONE)
    if before is not None and known.is_older(told, claim.triggered_at, before):
        return Outcome(HookState.SKIPPED, OLDER)
    item, entries = _entries(connection, words, told)
    products = [entry for entry in entries if isinstance(entry, ProductRecord)]
    wrong = [entry for entry in entries if isinstance(entry, Rejection) and entry.code != NOT_SOLD]
    if wrong and not products:
        raise HookError(wrong[0].reason)
    broken = {entry.product_id for entry in wrong if entry.product_id}  # broken is not gone
    had = known.ids_of(connection, told.shopify_id)
    had |= known.ids_of_handle(connection, item.handle, told.shopify_id)
    kept = {product.product_id for product in products} | (broken & had)
    shelves.put(products)
    shelves.retire(had - kept)
    known.keep_product(connection, told, claim.triggered_at)
    known.keep_ids(connection, told.shopify_id, kept)
    if wrong:
        shown = "; ".join(f"{entry.product_id}: {entry.reason}" for entry in wrong[:3])
        return Outcome(_after(claim), f"all but {len(wrong)} applied; {shown}"[:MAX_REASON])
    return Outcome(HookState.APPLIED)


def _entries(
    connection: Connection, words: Synonyms, told: ProductTold
) -> tuple[Item, list[ProductRecord | Rejection]]:
    """What a product comes to with the newest levels of its stock, in our words."""
    pieces = known.pieces_since(connection, told.items.keys(), told.updated_at)
    item = item_of(1, with_pieces(told.product, pieces))
    return item, [
        words.apply(entry) if isinstance(entry, ProductRecord) else entry
        for entry in records_of(item)
    ]


def _gone(shelves: Shelves, told: ProductGone) -> Outcome:
    before = known.newest(shelves.connection, told.shopify_id)
    if before is None:
        raise HookError(
            f"which products have Shopify's id {told.shopify_id} is not known: no webhook told of "
            "it before. Ingest the shop's products with --sync, which retires what is gone"
        )
    if before.deleted:
        return Outcome(HookState.SKIPPED, GONE)
    shelves.retire(known.ids_of(shelves.connection, told.shopify_id))
    known.keep_deleted(shelves.connection, told.shopify_id, before)
    return Outcome(HookState.APPLIED)


def _level(shelves: Shelves, words: Synonyms, told: LevelTold) -> Outcome:
    """Let a level of stock decide what can be bought, and at which variant's price."""
    connection = shelves.connection
    owner = known.product_of(connection, told.item_id)
    newest = known.newest(connection, owner) if owner is not None else None
    product = None
    if owner is not None and newest is not None and newest.product is not None:
        items = items_of(newest.product)
        product = ProductTold(owner, newest.updated_at, newest.product, items)
    before = _by_id(connection, words, product) if product else {}
    if not known.keep_level(connection, told):
        return Outcome(HookState.SKIPPED, OLDER)
    if product is None:
        return Outcome(HookState.SKIPPED, NO_PRODUCT)
    for product_id, record in _by_id(connection, words, product).items():
        shelves.offer(record, priced=_price(before.get(product_id)) != _price(record))
    return Outcome(HookState.APPLIED)


def _by_id(connection: Connection, words: Synonyms, told: ProductTold) -> dict[str, ProductRecord]:
    entries = _entries(connection, words, told)[1]
    return {entry.product_id: entry for entry in entries if isinstance(entry, ProductRecord)}


def _price(record: ProductRecord | None) -> tuple[object, ...] | None:
    return None if record is None else (record.price, record.sale_price, record.currency)
