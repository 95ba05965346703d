"""The dates of a sale, as Google Merchant feeds and shop exports write them."""

import re
from datetime import UTC, datetime, time

from catalog.errors import RecordError
from catalog.text import shown
from catalog.utc import in_utc

SALE_DATES = "sale_price_effective_date"
ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def on_sale(dates: str | None, at: datetime) -> bool:
    """Whether a sale is on.

    Args:
        dates: ISO 8601 with a slash between begin and end, of which one may be missing; None for
            a sale without dates.
        at: the moment, with a time zone.

    Raises:
        RecordError: the dates cannot be parsed, or the end is before the begin.
    """
    if dates is None:
        return True
    starts, ends = _parsed(dates)
    return starts <= at <= ends


def next_sale_change(dates: str, at: datetime) -> datetime | None:
    """The next moment at which a sale with these dates begins or ends, if any."""
    try:
        moments = (moment for moment in _parsed(dates) if moment not in ALWAYS)
        return min((moment for moment in moments if moment > at), default=None)
    except RecordError:
        return None


def _parsed(dates: str) -> tuple[datetime, datetime]:
    starts, slash, ends = (part.strip() for part in dates.partition("/"))
    try:
        if not slash or not (starts or ends):
            raise ValueError
        first = _moment(starts, time.min) if starts else ALWAYS[0]
        last = _moment(ends, time.max) if ends else ALWAYS[1]
    except (ValueError, OverflowError):
        raise RecordError(
            f"{SALE_DATES} {shown(dates)} cannot be parsed, so the sale is left out; write "
            "2026-11-27T00:00+0100/2026-11-30T23:59+0100"
        ) from None
    if last < first:
        raise RecordError(
            f"{SALE_DATES} {shown(dates)} ends before it begins, so the sale is left out"
        )
    return first, last


def _moment(text: str, of_day: time) -> datetime:
    """Parses a moment: UTC without a time zone, and ``of_day`` without a time."""
    text = re.sub(r"\s+(?=[+-]\d)", "", text)  # "11:07:31 +0100"
    moment = datetime.fromisoformat(text)
    if len(text) <= len("2026-11-27"):
        moment = datetime.combine(moment, of_day)
    return in_utc(moment)
