"""Origins, such as ``https://shop.example``: those that a shop lists, and that of a request."""

import re
from collections.abc import Sequence

from flask import request

ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


def parse_origins(text: str) -> tuple[str, ...]:
    """The origins in a setting, separated by spaces or commas.

    ``https://*.shop.example`` stands for every host below ``shop.example``.

    Raises:
        ValueError: one of them is not an origin.
    """
    origins = tuple(dict.fromkeys(re.split(r"[\s,]+", text.strip().lower())))
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ValueError(
                f"{origin!r} is not an origin; write scheme and host alone, such as "
                "https://shop.example or https://*.shop.example, separated by spaces"
            )
    return origins


def is_listed(origin: str, origins: Sequence[str]) -> bool:
    """Whether an ``Origin`` header names one of these origins."""
    if origin in origins:
        return True
    scheme, _, host = origin.partition("://")
    return any(
        scheme == pattern.partition("://")[0] and host.endswith(pattern.partition("://*")[2])
        for pattern in origins
        if "://*." in pattern and ORIGIN.fullmatch(origin)
    )


def other_origin() -> str | None:
    """The origin of the page that sent the request, if it is not one of our own pages."""
    origin = request.headers.get("Origin")
    if origin is None or request.headers.get("Sec-Fetch-Site") == "same-origin":
        return None
    return None if origin.partition("://")[2] == request.host else origin
