"""Answers of moments ago under the same address, sent again without Flask.

What Flask does for a request takes longer than to find such an answer. Each is sent with a query
id, a request id and an entry in the log of its own, and only while all that it depends on is the
same: the catalogue, the index, the rules, the shop's settings, and what the request says of itself.
Whatever is unusual about a request leaves it to Flask.
"""

import time
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask, Response, g, request

from catalog.errors import CatalogError
from engine.errors import EngineError
from web.answering.answers import Version, data_version
from web.answering.query_ids import new_query_id
from web.answering.tracking import put_in_log
from web.app.context import Shop
from web.app.responses.compression import LEVEL
from web.app.responses.random_ids import REQUEST_ID, random_id
from web.app.responses.recent import Given

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADDRESS = ("wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")
ENCODING = "HTTP_ACCEPT_ENCODING"
UNUSUAL = (  # a request with one of these is left to Flask
    "HTTP_IF_NONE_MATCH",
    "HTTP_ORIGIN",
    "HTTP_AUTHORIZATION",
    "HTTP_X_API_KEY",
    f"HTTP_{REQUEST_ID.upper().replace('-', '_')}",
    "HTTP_TRANSFER_ENCODING",
)
LONGEST = 1_000  # characters of an address and its encodings
OWN = 1_000  # bytes of an answer beside its body
NEW_FOR_EACH = frozenset({"content-length", REQUEST_ID.lower()})  # headers
STORED = b"\x00\x20\x00\xdf\xff"  # of deflate: 32 bytes follow as they are
GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


class Repeat(NamedTuple):
    """A response that may be sent again.

    ``parts`` are its body between the places of the query id, and ``packed`` the same compressed,
    if its client takes that.
    """

    version: Version
    locale: str
    endpoint: str
    given: Given
    headers: list[tuple[str, str]]
    parts: list[bytes]
    packed: list[bytes] | None


class Repeats:
    """A WSGI app that sends known answers itself, and asks another app for all others.

    Args:
        app: the other app.
        shop: whose answers they are.
    """

    def __init__(self, app: "WSGIApplication", shop: Shop) -> None:
        self._app = app
        self._shop = shop

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request."""
        key = key_of(environ)
        known = None if key is None else self._shop.recent_repeats.get(key)
        if known is None:
            return self._app(environ, start_response)
        begun = time.monotonic()
        try:
            if current(self._shop) != (known.version, known.locale):
                return self._app(environ, start_response)
        except (CatalogError, EngineError):  # Flask says what is wrong
            return self._app(environ, start_response)
        if self._shop.rates.take(environ.get("REMOTE_ADDR", ""), False):
            return self._app(environ, start_response)
        query_id = new_query_id(self._shop)
        put_in_log(self._shop, known.given, None, query_id)
        body = joined(known, query_id.encode())
        own = [("Content-Length", str(len(body))), (REQUEST_ID, random_id(8))]
        start_response("200 OK", known.headers + own)
        for notify in self._shop.on_repeat:
            notify(known.endpoint, time.monotonic() - begun)
        return [body]


def register(app: Flask, shop: Shop) -> None:
    """Let an app send known answers again, unless its settings say more about each request.

    Registered first of all that change responses, so that it sees them as they are sent, and
    before the app reads what a proxy says of a request, so that it sees that, too.
    """
    settings = shop.settings
    if shop.experiment or settings.api_key is not None or settings.log_format == "json":
        return

    @app.after_request
    def remember(response: Response) -> Response:
        known: tuple[Version, Given, bytes] | None = g.pop("repeat", None)
        key = key_of(request.environ)
        if known is not None and key is not None and response.status_code == 200:
            keep(shop, key, response, *known)
        return response

    # Flask documents this assignment, but mypy refuses to replace a method.
    setattr(app, "wsgi_app", Repeats(app.wsgi_app, shop))  # noqa: B010


def offer(version: Version, given: Given, body: bytes) -> None:
    """Say of the current response that it may be sent again.

    Args:
        version: what `data_version` said.
        given: the answer.
        body: of the response, before it is compressed.
    """
    if given.arm is None:
        g.repeat = version, given, body


def keep(
    shop: Shop,
    key: tuple[Any, ...],
    response: Response,
    version: Version,
    given: Given,
    body: bytes,
) -> None:
    """Keep a response as it is sent, for requests with the same key."""
    headers = [pair for pair in response.headers if pair[0].lower() not in NEW_FOR_EACH]
    encoding = response.headers.get("Content-Encoding")
    if encoding not in (None, "gzip") or "Set-Cookie" in response.headers:
        return
    parts = body.split(given.panel.query_id.encode())
    packed = None if encoding is None else compressed(parts)
    size = len(body) + OWN + sum(map(len, packed or ()))
    locale = shop.own.locale
    endpoint = request.endpoint or ""
    repeat = Repeat(version, locale, endpoint, given, headers, parts, packed)
    shop.recent_repeats.put(key, repeat, size)


def key_of(environ: "WSGIEnvironment") -> tuple[Any, ...] | None:
    """What is equal for requests with the same response; None of one that is unusual."""
    if environ["REQUEST_METHOD"] != "GET" or environ.get("CONTENT_LENGTH"):
        return None
    if any(name in environ for name in UNUSUAL) or not environ.get("HTTP_HOST"):
        return None
    key = (*(environ.get(name, "") for name in ADDRESS), environ.get(ENCODING))
    return key if sum(len(each or "") for each in key) <= LONGEST else None


def current(shop: Shop) -> tuple[Version, str]:
    """All that an answer depends on beside its request, at one moment."""
    with shop.catalogue.db.one_moment():
        return data_version(shop, None), shop.own.locale


def joined(known: Repeat, query_id: bytes) -> bytes:
    """The body under a query id of its own."""
    plain = query_id.join(known.parts)
    if known.packed is None:
        return plain
    end = zlib.crc32(plain).to_bytes(4, "little") + len(plain).to_bytes(4, "little")
    return GZIP + (STORED + query_id).join(known.packed) + end


def compressed(parts: list[bytes]) -> list[bytes]:
    """Parts of a body as raw deflate, of which none refers to an earlier one."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = [packer.compress(one) + packer.flush(zlib.Z_FULL_FLUSH) for one in parts[:-1]]
    return [*packed, packer.compress(parts[-1]) + packer.flush(zlib.Z_FINISH)]
