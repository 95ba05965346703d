"""The entries of the event log: answers (the panels that were returned), and visitors' events.

Nothing identifies a visitor: at most a random id, which only experiments need and which the visitor
can change at any time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalog.text import one_line

MAX_FACETS_TEXT = 200
MAX_SEARCHED = 100  # characters of a search text that are kept
# E-mail addresses, and numbers of six digits or more, such as those of phones.
PERSONAL = re.compile(r"\S*@\S*|\S*\d(?:[\s().+-]*\d){5,}\S*")
HIDDEN = "…"


class EventKind(StrEnum):
    """What a visitor did with a product of an answer."""

    VIEW = "view"
    CLICK = "click"
    WISHLIST = "wishlist"
    CART = "cart"
    PURCHASE = "purchase"


@dataclass(frozen=True, slots=True)
class Event:
    """One action of a visitor on one product of an answer, at the time ``at`` (UTC).

    Kind, query and product identify an event, however often it is sent. ``position`` is as sent,
    from 1; reports use the position in the answer.
    """

    kind: EventKind
    query_id: str
    product_id: str
    at: datetime
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One product of an answer, its position from 1, and the rule that put it there, if any."""

    product_id: str
    position: int
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as the log stores it.

    Attributes:
        query_id: its id, 32 hexadecimal digits.
        at: when it was returned (UTC).
        seeds: the ids of the seeds; none for a photo search.
        shown: its products, in order.
        facets: the facet weights as text, such as "colour:2,shape:1"; "" for the default.
        rules: the ids of all rules that had an effect.
        fallback: the fallback that filled it, or "none".
        visitor: the visitor's random id, while an experiment runs.
        experiment: the experiment, if any.
        arm: the visitor's arm of it.
        text: of a search in words, what was searched for, as `searched_text` keeps it; None of a
            panel.
    """

    query_id: str
    at: datetime
    seeds: tuple[str, ...]
    shown: tuple[Shown, ...]
    facets: str = ""
    rules: tuple[str, ...] = ()
    fallback: str = "none"
    visitor: str | None = None
    experiment: str | None = None
    arm: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class DroppedCounts:
    """How many answers and events were dropped until ``at``: full queue, or failing database."""

    at: datetime
    answers: int = 0
    events: int = 0


LogEntry = Answer | Event | DroppedCounts


def facets_text(weights: Mapping[str, float] | None) -> str:
    """Facet weights as text, the same for the same weights; "" for the default.

    >>> facets_text({"shape": 1, "colour": 2.0})
    'colour:2,shape:1'
    """
    named = sorted((weights or {}).items())
    return ",".join(f"{name}:{weight:.3g}" for name, weight in named)[:MAX_FACETS_TEXT]


def searched_text(text: str) -> str:
    """What the log keeps of a search text: equal searches are equal, and nobody is named.

    E-mail addresses and numbers of six digits or more are left out.

    >>> searched_text("  Red  DRESS ann@example.com ")
    'red dress …'
    """
    return PERSONAL.sub(HIDDEN, one_line(text).casefold())[:MAX_SEARCHED].rstrip()
