"""What a request asks for: query parameters parsed once, checked, and typed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from web.app.errors import ParameterError

PER_PAGE = 48
MAX_PER_PAGE = 200
MAX_TEXT = 200

Args = MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a listing shows. ``category`` is a path prefix such as ``Tops > T-shirts``."""

    category: str | None = None
    colour: str | None = None
    gender: str | None = None
    text: str | None = None
    page: int = 1
    per_page: int = PER_PAGE

    def but(self, **changes: str | int | None) -> "Filters":
        """These filters with some changed, back on the first page unless told otherwise."""
        return replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]  # our own field names

    def query(self) -> dict[str, str]:
        """The URL parameters that mean these filters; what is at its default is left out."""
        named = {"category": self.category, "colour": self.colour, "gender": self.gender}
        pairs = {**named, "q": self.text}
        if self.page > 1:
            pairs["page"] = str(self.page)
        if self.per_page != PER_PAGE:
            pairs["per_page"] = str(self.per_page)
        return {name: value for name, value in pairs.items() if value}

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered at all."""
        return any((self.category, self.colour, self.gender, self.text))


def filters(args: Args) -> Filters:
    """The filters of a listing's URL.

    Raises:
        ParameterError: a page that is no number above 0, or a text that is too long.
    """
    return Filters(
        category=word(args, "category"),
        colour=word(args, "colour"),
        gender=word(args, "gender"),
        text=word(args, "q"),
        page=number(args, "page", default=1, low=1, high=1_000_000),
        per_page=number(args, "per_page", default=PER_PAGE, low=1, high=MAX_PER_PAGE),
    )


def word(args: Args, name: str) -> str | None:
    """A text parameter without outer blanks; None when it is missing or empty."""
    text = args.get(name, "").strip()
    if len(text) > MAX_TEXT:
        raise ParameterError(f"{name} may have {MAX_TEXT} characters, not {len(text)}. Shorten it.")
    if not text.isprintable():  # PostgreSQL refuses NUL, and no name holds other control signs
        raise ParameterError(f"{name} holds characters that cannot be printed. Remove them.")
    return text or None


def number(args: Args, name: str, *, default: int, low: int, high: int) -> int:
    """A whole-number parameter within ``low..high``, both included."""
    text = args.get(name, "").strip()
    if not text:
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    if value is None or not low <= value <= high:
        raise ParameterError(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
    return value


def facet_weights(text: str) -> Mapping[str, float] | None:
    """The facet weights of ``colour:2,shape:1``; None when the default is meant.

    Only the form is checked here; which facets exist is the index's to know.
    """
    if not text.strip():
        return None
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, colon, amount = (piece.strip() for piece in part.partition(":"))
        if not name or not colon or name in weights:
            raise ParameterError(
                f"facets must look like colour:2,shape:1, each facet once; {part!r} does not."
            )
        weights[name] = weight(f"facet {name!r}", amount)
    return weights


def seed_weights(text: str) -> Mapping[str, float]:
    """The weights of ``10001:2,10002:0.5``; an id may hold colons, but no comma."""
    weights: dict[str, float] = {}
    for part in text.split(",") if text.strip() else ():
        product_id, colon, amount = (piece.strip() for piece in part.rpartition(":"))
        if not product_id or not colon or product_id in weights:
            raise ParameterError(
                f"weights must look like 10001:2,10002:0.5, each id once; {part!r} does not."
            )
        weights[product_id] = weight(f"product {product_id!r}", amount)
    return weights


def seeds(lists: Sequence[str], single: Sequence[str]) -> tuple[str, ...]:
    """The seeds of ``ids=a,b`` and ``id=a&id=b`` (for ids with commas), each once.

    Raises:
        ParameterError: no id at all.
    """
    listed = (part.strip() for text in lists for part in text.split(","))
    found = tuple(dict.fromkeys(part for part in [*listed, *single] if part))
    if not found:
        raise ParameterError("ids is missing: name at least one product, as in ids=10001,10002.")
    return found


def weight(whose: str, text: str) -> float:
    """A weight: a finite number of 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise ParameterError(f"The weight of {whose} must be 0 or more, not {text!r}.")
    return value
