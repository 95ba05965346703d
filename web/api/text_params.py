"""Compact parameters of a URL: ``ids=10001,10002`` and ``weights=10001:2,10002:0.5``."""

from collections.abc import Callable, Mapping, Sequence

from web.app.errors import ParameterError
from web.app.params import MAX_WEIGHT, number

Split = Callable[[str, str], tuple[str, str, str]]


def seed_ids(lists: Sequence[str], single: Sequence[str]) -> tuple[str, ...]:
    """The distinct seeds of ``ids=a,b`` and ``id=a&id=b`` (for ids that contain a comma).

    Raises:
        ParameterError: there is no id.
    """
    listed = (part.strip() for text in lists for part in text.split(","))
    found = tuple(dict.fromkeys(part for part in [*listed, *single] if part))
    if not found:
        raise ParameterError("ids is missing: name at least one product, as in ids=10001,10002.")
    return found


def facet_weights(text: str) -> Mapping[str, float] | None:
    """The weights of ``colour:2,shape:1``; None, the default, for an empty text.

    Which facets exist is checked by the engine.

    Raises:
        ParameterError: the text has another form.
    """
    return parse_weights(text, str.partition, "facets", "facet", "colour:2,shape:1") or None


def seed_weights(text: str) -> Mapping[str, float]:
    """The weights of ``10001:2,10002:0.5``; an id may contain colons, but no comma.

    Raises:
        ParameterError: the text has another form.
    """
    return parse_weights(text, str.rpartition, "weights", "product", "10001:2,10002:0.5")


def parse_weights(
    text: str, split: Split, parameter: str, kind: str, example: str
) -> dict[str, float]:
    """Parse ``NAME:WEIGHT,...``, each name once.

    Args:
        text: the parameter's value.
        split: `str.partition` or `str.rpartition`: which colon separates name and weight.
        parameter: its name, for messages.
        kind: what the names are, for messages.
        example: a valid value, for messages.
    """
    weights: dict[str, float] = {}
    for part in text.split(",") if text.strip() else ():
        name, colon, value = (piece.strip() for piece in split(part, ":"))
        if not name or not colon or name in weights:
            raise ParameterError(
                f"{parameter} must look like {example}, each {kind} once; {part!r} does not."
            )
        weights[name] = weight(f"{kind} {name!r}", value)
    return weights


def weight(owner: str, text: str) -> float:
    """Parse a weight: a number from 0 to `MAX_WEIGHT`."""
    value = number(text)
    if not 0 <= value <= MAX_WEIGHT:
        raise ParameterError(
            f"The weight of {owner} must be 0 or more, {MAX_WEIGHT:,.0f} at most, not {text!r}."
        )
    return value
