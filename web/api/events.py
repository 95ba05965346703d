"""``POST /api/v1/events``: records what visitors do with the products of an answer.

Events go into a queue and are written later; duplicates count once. An event may arrive before its
answer is written. An event of an unknown answer counts nowhere, and is kept for an hour.
"""

from typing import Annotated

from flask import Blueprint, Response, request
from pydantic import Field
from werkzeug.exceptions import RequestEntityTooLarge

from catalog.events.event import Event, EventKind
from catalog.utc import utc_now
from web.answering.query_ids import is_own
from web.api import schemas
from web.api.keys import has_key
from web.api.openapi import Operation, describes
from web.api.parsing import parse_json
from web.api.request_models import RANDOM_ID, ApiParams, Id
from web.app.context import shop
from web.app.errors import TooLarge, TooMany

blueprint = Blueprint("events", __name__, url_prefix="/api/v1")

MAX_BYTES = 65_536
MAX_EVENTS = 100
MAX_POSITION = 1_000


class EventBody(ApiParams):
    """One event: what a visitor did with one product of an answer."""

    kind: EventKind
    query_id: str = Field(pattern=RANDOM_ID, description="the `query_id` of the answer")
    product_id: Id
    position: Annotated[int, Field(ge=1, le=MAX_POSITION, strict=True)] | None = Field(
        None, description="position in the answer, from 1"
    )


class EventsBody(ApiParams):
    """A batch of events; duplicates count once."""

    events: Annotated[tuple[EventBody, ...], Field(min_length=1, max_length=MAX_EVENTS)]


class EventsTaken(schemas.Answer):
    """How many events of a batch were accepted."""

    taken: int = Field(description="queued, written within seconds")
    dropped: int = Field(description="refused: the queue is full, or the event log is off")


@blueprint.post("/events")
@describes(Operation("Events", EventsTaken, body=EventsBody, status=202, errors=(400, 413, 429)))
def take() -> Response:
    """Record what a visitor did: view, click, wishlist, cart or purchase."""
    request.max_content_length = MAX_BYTES
    try:
        body = parse_json(EventsBody, as_text=True)
    except RequestEntityTooLarge as error:
        raise TooLarge(
            f"A request may send {MAX_BYTES:,} bytes of events. Send them in several requests."
        ) from error
    limit_events(len(body.events))
    queue, now = shop().events, utc_now()
    taken = 0
    if queue is not None:
        taken = sum(
            queue.put(
                Event(one.kind, one.query_id, one.product_id, now, one.position),
                trusted=is_own(shop(), one.query_id),
            )
            for one in body.events
        )
    response = EventsTaken(taken=taken, dropped=len(body.events) - taken).response()
    response.status_code = 202
    return response


def limit_events(number: int) -> None:
    """Count the events of an address; programs with the API key send for many visitors.

    Raises:
        TooMany: the address has exceeded its limit.
    """
    if shop().settings.api_key is not None and has_key():
        return
    if wait := shop().rates.take_events(request.remote_addr or "", number):
        raise TooMany(f"Too many events from your address. Try again in {wait} s.", wait)
