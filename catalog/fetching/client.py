"""Downloads one address into an open file: redirects, conditional requests, limits, error codes."""

import functools
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import IO, Any

import httpcore2

from catalog.errors import FetchError
from catalog.fetching.addresses import Address, SafeResolver, parse_address
from catalog.fetching.checked_connections import CheckedBackend, Deadline
from catalog.fetching.content_encoding import decoder_for
from catalog.utc import in_utc

AGENT = f"Lookalike/{version('lookalike')}"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 5
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 20.0  # without a byte
IDLE_SECONDS = 15.0  # that an unused connection is kept for the next download
MAX_RETRY_AFTER = 86_400.0  # seconds
# Messages of httpcore2 for responses that end too early -> our error codes.
BROKEN = {"without sending complete": "cut_off", "without sending a response": "connection"}


@functools.cache
def _certificates() -> ssl.SSLContext:
    """The certificates that the system trusts; loading them takes a while."""
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Validators:
    """The response headers that identify the content we have, for a conditional request."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> Iterator[tuple[bytes, bytes]]:
        """The request headers with these conditions."""
        if self.etag:
            yield b"If-None-Match", self.etag.encode("latin-1", "ignore")
        if self.last_modified:
            yield b"If-Modified-Since", self.last_modified.encode("latin-1", "ignore")

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one download: bytes after decompression, and seconds with all redirects."""

    bytes: int
    seconds: float
    setting: str  # the setting that raises the limit of bytes, for messages


@dataclass(frozen=True, slots=True)
class Response:
    """The end of a download; ``modified`` is False if the server answered 304, not modified."""

    modified: bool
    validators: Validators
    size: int = 0  # bytes written


class Client:
    """Downloads over pooled connections; safe to share between threads. Close it in the end.

    Args:
        resolver: decides which hosts may be requested.
        connections: the most connections at once.
        tls: for https; the system's certificates unless given.
    """

    def __init__(
        self, resolver: SafeResolver, connections: int, tls: ssl.SSLContext | None = None
    ) -> None:
        self._deadline = Deadline()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls or _certificates(),
            max_connections=connections,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=CheckedBackend(resolver, self._deadline),
        )

    def download(
        self,
        address: Address,
        to: IO[bytes],
        limits: Limits,
        *,
        accept: str = "*/*",
        known: Validators | None = None,
    ) -> Response:
        """Writes the content of an address to ``to``, decompressed if it is sent as gzip.

        Args:
            address: where; redirects are followed, and checked as it is.
            to: an empty file; after an error it may hold part of the content.
            limits: raises an error where they are exceeded.
            accept: the media types to request.
            known: the validators of the content that we have.

        Raises:
            FetchError: see there for the codes.
        """
        with _own_errors(address, limits), self._deadline.within(limits.seconds):
            at = address
            for _ in range(MAX_REDIRECTS + 1):
                response = self._request(at, to, limits, accept, known)
                if isinstance(response, Response):
                    return response
                at = response
        raise FetchError("redirects", f"{address.shown} redirects more than {MAX_REDIRECTS} times.")

    def _request(
        self,
        at: Address,
        to: IO[bytes],
        limits: Limits,
        accept: str,
        known: Validators | None,
    ) -> Response | Address:
        """One request: its response, or the address that it redirects to."""
        response = self._pool.handle_request(_request_of(at, limits, accept, known))
        try:
            headers = _headers(response)
            if response.status in REDIRECTS and "location" in headers:
                return parse_address(headers["location"], at)
            found = Validators(headers.get("etag"), headers.get("last-modified"))
            if response.status == 304 and known:
                return Response(False, found if found else known)
            if response.status != 200:
                raise _http_error(at, response.status, headers)
            size = _save(response, headers, to, at, limits)
            return Response(True, found, size)
        finally:
            response.close()

    def close(self) -> None:
        """Closes every connection."""
        self._pool.close()


def _request_of(
    at: Address, limits: Limits, accept: str, known: Validators | None
) -> httpcore2.Request:
    timeout: dict[str, Any] = {
        "connect": CONNECT_SECONDS,
        "read": SILENCE_SECONDS,
        "write": SILENCE_SECONDS,
        "pool": limits.seconds,
    }
    return httpcore2.Request(
        b"GET",
        httpcore2.URL(
            scheme=at.scheme.encode(),
            host=at.host.encode(),
            port=at.port,
            target=at.target.encode(),
        ),
        headers=[
            (b"Host", at.netloc.encode()),
            (b"User-Agent", AGENT.encode()),
            (b"Accept", accept.encode()),
            (b"Accept-Encoding", b"gzip, identity"),
            *(known.headers() if known else ()),
        ],
        extensions={"timeout": timeout},
    )


def _header_text(value: bytes) -> str:
    """The text of a header: UTF-8, as servers send redirects to paths with accents, or Latin 1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _headers(response: httpcore2.Response) -> dict[str, str]:
    """The headers by their names in lower case; of several with one name the first."""
    headers: dict[str, str] = {}
    for name, value in response.headers:
        headers.setdefault(name.decode("latin-1").lower(), _header_text(value).strip())
    return headers


def _save(
    response: httpcore2.Response,
    headers: Mapping[str, str],
    to: IO[bytes],
    at: Address,
    limits: Limits,
) -> int:
    """Writes the content; returns its bytes. A stated length can only refuse, never permit."""
    stated = headers.get("content-length", "")
    if stated.isdigit() and int(stated) > limits.bytes:
        raise _too_large(at, limits)
    decoder = decoder_for(headers.get("content-encoding", ""), at)
    size = 0
    for chunk in response.iter_stream():
        for piece in decoder.pieces(chunk) if decoder else (chunk,):
            size += len(piece)
            if size > limits.bytes:
                raise _too_large(at, limits)
            to.write(piece)
    if decoder and not decoder.complete:
        raise FetchError("cut_off", f"{at.shown} ends in the middle of its gzip stream.")
    return size


def _too_large(at: Address, limits: Limits) -> FetchError:
    return FetchError(
        "too_large",
        f"{at.shown} has more than {limits.bytes:,} bytes, the limit ({limits.setting}).",
    )


def _http_error(at: Address, status: int, headers: Mapping[str, str]) -> FetchError:
    wait = parse_retry_after(headers.get("retry-after"), datetime.now(UTC))
    later = "" if wait is None else f" and says to retry in {wait:,.0f} s"
    return FetchError(f"http_{status}", f"{at.shown} answers {status}{later}.", wait)


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """The seconds of a Retry-After header, which has seconds or a date; None if it is invalid."""
    if not text:
        return None
    try:
        if text.isascii() and text.isdigit():
            seconds = float(text[:9])
        else:
            seconds = (in_utc(parsedate_to_datetime(text)) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


@contextmanager
def _own_errors(address: Address, limits: Limits) -> Iterator[None]:
    """Turns the library's errors into ours."""
    shown = address.shown
    try:
        yield
    except httpcore2.TimeoutException as error:
        raise FetchError(
            "timeout",
            f"{shown} did not answer in time: {CONNECT_SECONDS:.0f} s to connect, "
            f"{SILENCE_SECONDS:.0f} s without a byte, {limits.seconds:.0f} s in all.",
        ) from error
    except httpcore2.RemoteProtocolError as error:
        code = next((code for text, code in BROKEN.items() if text in str(error)), "protocol")
        raise FetchError(code, f"{shown} sent an incomplete response: {error}.") from error
    except httpcore2.NetworkError as error:
        raise FetchError("connection", f"{shown} cannot be reached: {error}.") from error
    except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
        raise FetchError("protocol", f"{shown} cannot be requested: {error}.") from error
