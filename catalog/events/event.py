"""What the log keeps: the answers that were given, and what visitors then did with them.

Nothing in it says who a visitor is: at most a random id that only an experiment needs, which the
visitor can change at any time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_FACETS_TEXT = 200


class EventKind(StrEnum):
    """What a visitor did with a product of an answer."""

    VIEW = "view"
    CLICK = "click"
    WISHLIST = "wishlist"
    CART = "cart"
    PURCHASE = "purchase"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a visitor did with one product of an answer, at ``at`` (UTC).

    The same kind, query and product are the same event, however often it is sent. ``position`` is
    what the sender said, from 1; reports go by the position that the answer really had.
    """

    kind: EventKind
    query_id: str
    product_id: str
    at: datetime
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One product of an answer, its place from 1, and the rule that put it there, if one did."""

    product_id: str
    position: int
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as the log keeps it.

    Attributes:
        query_id: its name, 32 hexadecimal digits.
        at: when it was given (UTC).
        seeds: the products that it started from; none for a photo.
        facets: the facet setting as text, such as "colour:2,shape:1"; "" for the default.
        rules: the ids of all rules that acted on it.
        fallback: what was fallen back on, "none" if nothing had to be.
        shown: its products in order.
        visitor: the visitor's random id, where an experiment is running.
        experiment, arm: the experiment and the arm of it that the visitor is in.
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


@dataclass(frozen=True, slots=True)
class Losses:
    """How many answers and events a full queue or a failing database cost until ``at``."""

    at: datetime
    answers: int = 0
    events: int = 0


Entry = Answer | Event | Losses


def facets_text(weights: Mapping[str, float] | None) -> str:
    """A facet setting as one text, the same for the same weights; "" for the default.

    >>> facets_text({"shape": 1, "colour": 2.0})
    'colour:2,shape:1'
    """
    named = sorted((weights or {}).items())
    return ",".join(f"{name}:{weight:.3g}" for name, weight in named)[:MAX_FACETS_TEXT]
