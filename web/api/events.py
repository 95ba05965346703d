"""``POST /api/v1/events``: what visitors do with the products of an answer.

Events go into a queue and are written later; the same event sent twice counts once. One that
comes before its answer is logged waits for it in SQL; one of an answer that never was is kept, as
long as others are, and counts nowhere.
"""

from typing import Annotated

from flask import Blueprint, Response, request
from pydantic import Field
from werkzeug.exceptions import RequestEntityTooLarge

from catalog.events.event import Event, EventKind
from catalog.utc import utc_now
from web.api import schemas
from web.api.openapi import Operation, describes
from web.api.requests import ApiQuery, Id, told
from web.app.context import shop
from web.app.errors import TooLarge

blueprint = Blueprint("events", __name__, url_prefix="/api/v1")

MAX_BYTES = 65_536
MAX_EVENTS = 100
MAX_POSITION = 1_000


class EventBody(ApiQuery):
    """One thing that a visitor did with one product of an answer."""

    kind: EventKind
    query_id: str = Field(pattern=r"^[0-9a-f]{32}$", description="of the answer")
    product_id: Id
    position: Annotated[int, Field(ge=1, le=MAX_POSITION, strict=True)] | None = Field(
        None, description="its place in the answer, from 1"
    )


class EventsBody(ApiQuery):
    """Some events; one that was sent before counts once."""

    events: Annotated[tuple[EventBody, ...], Field(min_length=1, max_length=MAX_EVENTS)]


class EventsTaken(schemas.Answer):
    """What became of some events."""

    taken: int = Field(description="will be written soon")
    dropped: int = Field(description="found the queue full, or the log turned off")


@blueprint.post("/events")
@describes(Operation("Events", EventsTaken, body=EventsBody, status=202, errors=(400, 413)))
def take() -> Response:
    """Tell what a visitor did: view, click, wishlist, cart or purchase."""
    request.max_content_length = MAX_BYTES
    try:
        body = told(EventsBody)
    except RequestEntityTooLarge as error:
        raise TooLarge(
            f"Events may have {MAX_BYTES:,} bytes at once. Send them in several requests."
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
