"""Text and number parameters of a URL, and the limits that pages and API share."""

import math
import re

from werkzeug.datastructures import MultiDict

from web.app.errors import ParameterError

PER_PAGE = 48
MAX_PER_PAGE = 200
MAX_TEXT = 200  # characters
MAX_WEIGHT = 1e6  # of a facet or a seed

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

Args = MultiDict[str, str]


def number(text: str) -> float:
    """A decimal number in plain digits, such as 0.5 or 1e3; NaN for any other text.

    Python alone would also take ``1_0``, ``inf`` and digits of other scripts.
    """
    return float(text) if NUMBER.fullmatch(text.strip()) else math.nan


def text_param(args: Args, name: str) -> str | None:
    """A text without surrounding whitespace; None when it is missing or empty.

    Raises:
        ParameterError: it is too long or has control characters.
    """
    text = args.get(name, "").strip()
    if len(text) > MAX_TEXT:
        raise ParameterError(f"{name} may have {MAX_TEXT} characters, not {len(text)}. Shorten it.")
    if not text.isprintable():  # PostgreSQL refuses NUL; no name needs control characters
        raise ParameterError(f"{name} has characters that cannot be printed. Remove them.")
    return text or None


def int_param(args: Args, name: str, *, default: int, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``, both included.

    Raises:
        ParameterError: it is not a number, or out of range.
    """
    text = args.get(name, "").strip()
    if not text:
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    if value is None or not low <= value <= high:
        raise ParameterError(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
    return value
