"""ETags of answers, computed from everything an answer depends on, and 304 while they match.

All tags are weak: two answers to the same request differ in their query id, and a proxy may
compress them, but they mean the same. A client that gets 304 keeps using its stored answer, query
id included: that is the answer that its customer saw.
"""

import hashlib
from importlib.metadata import version

from flask import Response, request

from web.app.links import link_root

VERSION = version("lookalike")  # once: it is read from a file

SHARED = "public, no-cache"  # any cache may store it, but must revalidate
PRIVATE = "private, no-cache"  # for one customer: the query id counts that customer's events
NO_STORE = "no-store"


def shared_for(seconds: int) -> str:
    """Shared caches may hand it out for some seconds, browsers revalidate it; 0: none may."""
    return f"public, max-age=0, s-maxage={seconds}" if seconds else PRIVATE


def tag(*parts: object) -> str:
    """The tag of everything that the response to the current request depends on.

    The address of the request is among it: whatever host a stranger names, only the same host gets
    an answer with links to it.
    """
    address = (request.root_url, link_root(), request.full_path)
    inputs = (VERSION, *address, *map(str, parts))
    return hashlib.sha256("\n".join(inputs).encode()).hexdigest()[:32]


def not_modified(etag: str, cache_control: str) -> Response | None:
    """A 304 response if the client already has the answer with this tag.

    ``If-None-Match: *`` names no answer, and there may be none, so it gets whatever there is.
    """
    known = request.if_none_match
    if known.star_tag or not known.contains_weak(etag):
        return None
    return tagged(Response(status=304), etag, cache_control)


def tagged(response: Response, etag: str, cache_control: str) -> Response:
    """Add a tag, and who may cache the response."""
    response.set_etag(etag, weak=True)
    response.headers["Cache-Control"] = cache_control
    return response
