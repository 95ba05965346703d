"""The server that counts the requests of all web servers together: Redis, Valkey or memcached.

While it does not answer, each process counts by itself, as it does without such a server: a shop
does not stop because its counts are gone. It is asked again every `PAUSE` seconds, by one request.
"""

import logging
import time
from collections.abc import Callable
from importlib.util import find_spec
from threading import Lock
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from limits.errors import ConfigurationError, StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from web.app.errors import SettingsError

log = logging.getLogger(__name__)

T = TypeVar("T")

PAUSE = 10.0  # seconds until a server that did not answer is asked again
PATIENCE = 0.5  # seconds that a request waits for a connection, and for an answer
REDIS: dict[str, Any] = {
    "socket_connect_timeout": PATIENCE,
    "socket_timeout": PATIENCE,
    "retry": None,
}
MEMCACHED: dict[str, Any] = {"connect_timeout": PATIENCE, "timeout": PATIENCE}
# Scheme of an address -> the client's module, which is also our extra, and its options.
SCHEMES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "redis": ("redis", "redis", REDIS),
    "rediss": ("redis", "redis", REDIS),
    "redis+unix": ("redis", "redis", REDIS),
    "memcached": ("pymemcache", "memcached", MEMCACHED),
}
EXAMPLES = "redis://HOST:6379/0, rediss://USER:PASSWORD@HOST, or memcached://HOST:11211"


def check_address(address: str) -> str:
    """An address of such a server, if it can be one.

    Raises:
        ValueError: it cannot.
    """
    try:
        parts = urlsplit(address)
        known = parts.scheme in SCHEMES and bool(parts.netloc or parts.path.strip("/"))
        known = known and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number
        known = False
    if not known:
        raise ValueError(f"write the address of a server, such as {EXAMPLES}")
    return address


class SharedCounts:
    """Counts in a server's memory, with those of this process in its place while it is down.

    Args:
        address: of the server, see `check_address`.
        local: makes the counts of this process; called once, when they are first needed.

    Raises:
        SettingsError: the client's package is not installed.
    """

    def __init__(self, address: str, local: Callable[[], SlidingWindowCounterRateLimiter]) -> None:
        self._address = address
        self._make_local = local
        self._shared: SlidingWindowCounterRateLimiter | None = None
        self._local: SlidingWindowCounterRateLimiter | None = None
        self._lock = Lock()
        self._down = False
        self._next_try = 0.0
        module, extra, _ = SCHEMES[urlsplit(address).scheme]
        if find_spec(module) is None:
            raise SettingsError(
                f"LOOKALIKE_RATE_STORAGE needs the package {module}. Install it with "
                f"`pip install 'lookalike[{extra}]'`, or leave the setting out."
            )

    def use(self, count: Callable[[SlidingWindowCounterRateLimiter], T]) -> T:
        """What ``count`` returns with the server's counts, or with those of this process."""
        if self._is_tried():
            try:
                found = count(self._opened())
            except (StorageError, ConfigurationError, OSError) as error:
                self._failed(error)
            else:
                self._answered()
                return found
        return count(self._own())

    def _is_tried(self) -> bool:
        with self._lock:
            if not self._down:
                return True
            if time.monotonic() < self._next_try:
                return False
            self._next_try = time.monotonic() + PAUSE  # the others do not wait for this try
            return True

    def _opened(self) -> SlidingWindowCounterRateLimiter:
        with self._lock:
            if self._shared is None:
                options = SCHEMES[urlsplit(self._address).scheme][2]
                storage = storage_from_string(self._address, wrap_exceptions=True, **options)
                self._shared = SlidingWindowCounterRateLimiter(cast(Storage, storage))
            return self._shared

    def _own(self) -> SlidingWindowCounterRateLimiter:
        with self._lock:
            if self._local is None:
                self._local = self._make_local()
            return self._local

    def _failed(self, error: Exception) -> None:
        with self._lock:
            known, self._down = self._down, True
            self._next_try = time.monotonic() + PAUSE
        if not known:
            cause = error.storage_error if isinstance(error, StorageError) else error
            log.warning(
                "The rate limits' server (LOOKALIKE_RATE_STORAGE) does not answer: %s. Until it "
                "does, each process counts by itself.",
                type(cause).__name__,  # the message may have the password
            )

    def _answered(self) -> None:
        with self._lock:
            known, self._down = self._down, False
        if known:
            log.warning("The rate limits' server answers again; it counts from here on.")
