"""Download one address into an open file: redirects, conditions and caps, and what went wrong."""

import functools
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from types import TracebackType
from typing import IO, Any

import httpcore2

from catalog.errors import FetchError
from catalog.fetching.addresses import Address, Guard, parse_address
from catalog.fetching.connecting import CheckedBackend, Clock
from catalog.fetching.unpacking import unpacker

AGENT = f"Lookalike/{version('lookalike')}"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 5
CONNECT_SECONDS = 10.0
SILENT_SECONDS = 20.0  # without a byte
IDLE_SECONDS = 15.0  # a connection is kept for the next photo
LONGEST_WAIT = 86_400.0
# What httpcore2 says of answers that end too early.
BROKEN = {"without sending complete": "cut_off", "without sending a response": "connection"}


@functools.cache
def _certificates() -> ssl.SSLContext:
    """What the system trusts; reading it takes a while."""
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells a server which content we have."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> Iterator[tuple[bytes, bytes]]:
        """The conditions of a request."""
        if self.etag:
            yield b"If-None-Match", self.etag.encode("latin-1", "ignore")
        if self.last_modified:
            yield b"If-Modified-Since", self.last_modified.encode("latin-1", "ignore")

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)


NOTHING_KNOWN = Validators()


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one download: bytes when unpacked, and seconds with all redirects."""

    bytes: int
    seconds: float
    setting: str  # the one that raises the limit of bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """``modified`` is False where the server says that what we have still holds."""

    modified: bool
    validators: Validators
    size: int = 0  # bytes written


class Client:
    """Downloads over kept connections; safe to share between threads. Close it in the end."""

    def __init__(self, guard: Guard, connections: int, tls: ssl.SSLContext | None = None) -> None:
        self._clock = Clock()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls or _certificates(),
            max_connections=connections,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=CheckedBackend(guard, self._clock),
        )

    def download(
        self,
        address: Address,
        to: IO[bytes],
        limits: Limits,
        *,
        accept: str = "*/*",
        known: Validators | None = None,
    ) -> Answer:
        """Write what is at an address to ``to``, unpacked if the server packed it for the way.

        Args:
            address: where; every redirect from there is checked like it.
            to: at its start and empty; what it has after an error is no whole content.
            limits: what is too much.
            accept: the media types that are asked for.
            known: of the content that we have.

        Raises:
            FetchError: with a code, see there.
        """
        with _explained(address, limits), self._clock.running(limits.seconds):
            at = address
            for _ in range(MAX_REDIRECTS + 1):
                answer = self._ask(at, to, limits, accept, known)
                if isinstance(answer, Answer):
                    return answer
                at = answer
        raise FetchError("redirects", f"{address.shown} leads on more than {MAX_REDIRECTS} times.")

    def _ask(
        self,
        at: Address,
        to: IO[bytes],
        limits: Limits,
        accept: str,
        known: Validators | None,
    ) -> Answer | Address:
        request = _request(at, limits, accept, known)
        response = self._pool.handle_request(request)
        try:
            headers = _headers(response)
            if response.status in REDIRECTS and "location" in headers:
                return parse_address(headers["location"], at)
            found = Validators(headers.get("etag"), headers.get("last-modified"))
            if response.status == 304 and known:
                return Answer(False, found if found else known)
            if response.status != 200:
                raise _refused(at, response.status, headers)
            size = _save(response, headers, to, at, limits)
            return Answer(True, found, size)
        finally:
            response.close()

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _request(
    at: Address, limits: Limits, accept: str, known: Validators | None
) -> httpcore2.Request:
    timeout: dict[str, Any] = {
        "connect": CONNECT_SECONDS,
        "read": SILENT_SECONDS,
        "write": SILENT_SECONDS,
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


def _headers(response: httpcore2.Response) -> dict[str, str]:
    """The headers by their names in small letters; of several the first."""
    headers: dict[str, str] = {}
    for name, value in response.headers:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1").strip())
    return headers


def _save(
    response: httpcore2.Response,
    headers: Mapping[str, str],
    to: IO[bytes],
    at: Address,
    limits: Limits,
) -> int:
    """Write the content; its bytes. Sizes that a server states are not trusted, but refused."""
    stated = headers.get("content-length", "")
    if stated.isdigit() and int(stated) > limits.bytes:
        raise _too_large(at, limits)
    unpack = unpacker(headers.get("content-encoding", ""), at)
    size = 0
    for chunk in response.iter_stream():
        for piece in unpack.pieces(chunk) if unpack else (chunk,):
            size += len(piece)
            if size > limits.bytes:
                raise _too_large(at, limits)
            to.write(piece)
    if unpack and not unpack.complete:
        raise FetchError("cut_off", f"{at.shown} ends in the middle of its gzip encoding.")
    return size


def _too_large(at: Address, limits: Limits) -> FetchError:
    return FetchError(
        "too_large",
        f"{at.shown} has more than {limits.bytes:,} bytes, the limit ({limits.setting}).",
    )


def _refused(at: Address, status: int, headers: Mapping[str, str]) -> FetchError:
    wait = seconds_to_wait(headers.get("retry-after"), datetime.now(UTC))
    later = "" if wait is None else f" and asks to come back in {wait:,.0f} s"
    return FetchError(f"http_{status}", f"{at.shown} answers {status}{later}.", wait)


def seconds_to_wait(text: str | None, now: datetime) -> float | None:
    """What a Retry-After header says: seconds or a date; None if it says nothing sensible."""
    if not text:
        return None
    try:
        if text.isascii() and text.isdigit():
            seconds = float(text[:9])
        else:
            moment = parsedate_to_datetime(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            seconds = (moment - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


@contextmanager
def _explained(address: Address, limits: Limits) -> Iterator[None]:
    """Turn the library's errors into ours."""
    shown = address.shown
    try:
        yield
    except httpcore2.TimeoutException as error:
        raise FetchError(
            "timeout",
            f"{shown} did not answer in time: {CONNECT_SECONDS:.0f} s to connect, "
            f"{SILENT_SECONDS:.0f} s without a byte, {limits.seconds:.0f} s in all.",
        ) from error
    except httpcore2.RemoteProtocolError as error:
        code = next((code for said, code in BROKEN.items() if said in str(error)), "protocol")
        raise FetchError(code, f"{shown} sent no whole answer: {error}.") from error
    except httpcore2.NetworkError as error:
        raise FetchError("connection", f"{shown} cannot be reached: {error}.") from error
    except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
        raise FetchError("protocol", f"{shown} cannot be asked: {error}.") from error
