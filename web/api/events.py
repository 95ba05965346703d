"""``POST /api/v1/events``: records what visitors do with the products of an answer.

Events go into a queue and are written later; duplicates count once. An event may arrive before its
answer is written. An event of an unknown answer is stored like the others and counts nowhere.
"""

from typing import Annotated

from flask import Blueprint, Response, request
from pydantic import Field
from werkzeug.exceptions import RequestEntityTooLarge

from catalog.events.event import Event, EventKind
from catalog.utc import utc_now
from web.api import schemas
from web.api.openapi import Operation, describes
from web.api.parsing import parse_json
from web.api.request_models import ApiParams, Id
from web.app.context import shop
from web.app.errors import TooLarge

blueprint = Blueprint("events", __name__, url_prefix="/api/v1")

MAX_BYTES = 65_536
MAX_EVENTS = 100
MAX_POSITION = 1_000


class EventBody(ApiParams):
    """One event: what a visitor did with one product of an answer."""

    kind: EventKind
    query_id: str = Field(pattern=r"^[0-9a-f]{32}$", description="the `query_id` of the answer")
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
@describes(Operation("Events", EventsTaken, body=EventsBody, status=202, errors=(400, 413)))
def take() -> Response:
    """Record what a visitor did: view, click, wishlist, cart or purchase."""
    request.max_content_length = MAX_BYTES
    try:
        body = parse_json(EventsBody)
    except RequestEntityTooLarge as error:
        raise TooLarge(
            f"A request may send {MAX_BYTES:,} bytes of events. Send them in several requests."
        ) from error
    queue, now = shop().events, utc_now()
    taken = 0
    if queue is not None:
        taken = sum(
            queue.put(Event(one.kind, one.query_id, one.product_id, now, one.position))
            for one in body.events
        )
    response = EventsTaken(taken=taken, dropped=len(body.events) - taken).response()
    response.status_code = 202
    return response
