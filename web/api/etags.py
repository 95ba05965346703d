"""Answers that a client may keep: an ETag made of what they depend on, and 304 while it holds.

All tags are weak. Two answers to the same question differ in their query id, and a proxy may
compress them; they mean the same. A client that is told 304 goes on with the answer that it has,
query id included: that answer is the one that its customer saw.
"""

import hashlib
from importlib.metadata import version

from flask import Response, request

VERSION = version("lookalike")  # once: it is read from a file

SHARED = "public, no-cache"  # may be kept by anyone, and is asked about each time
OWN = "private, no-cache"  # one customer's: its query id counts what that customer does
UNKEPT = "no-store"


def tag(*parts: object) -> str:
    """A tag of everything that an answer to this request depends on."""
    known = (VERSION, request.script_root, request.full_path, *map(str, parts))
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:32]


def unchanged(known: str, cache: str) -> Response | None:
    """304 when the client has the answer of this tag already."""
    if not request.if_none_match.contains_weak(known):
        return None
    return tagged(Response(status=304), known, cache)


def tagged(response: Response, known: str, cache: str) -> Response:
    """An answer with its tag, and who may keep it."""
    response.set_etag(known, weak=True)
    response.headers["Cache-Control"] = cache
    return response
