"""Counts the requests of each client address: in each process by itself, or on a shared server."""

import hashlib
import ipaddress
import math
import re
import time
from threading import Lock

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from web.app.limits.rate_storage import SharedCounts

PLAIN = re.compile(r"[\w.:/-]{1,60}", re.ASCII)


class Rates:
    """The rate limits of one app, such as ``120/minute``; None is no limit.

    Args:
        general: of all requests.
        photos: of searches by photo.
        events: of events.
        storage: address of a server that counts for all; see `web.app.limits.rate_storage`.

    Raises:
        SettingsError: the client for that server is not installed.
    """

    def __init__(
        self,
        general: str | None,
        photos: str | None = None,
        events: str | None = None,
        storage: str | None = None,
    ) -> None:
        self.general = parse_many(general) if general else []
        self.photos = parse_many(photos) if photos else []
        self.events = parse_many(events) if events else []
        # The storage has a thread that drops old counts: none before something is counted.
        self._limiter: SlidingWindowCounterRateLimiter | None = None
        self._lock = Lock()
        self._shared = None if storage is None else SharedCounts(storage, self._opened)

    def take(self, address: str, photo: bool) -> int:
        """Count a request; seconds until it may be repeated, 0 if it is allowed now."""
        limits = [("all", item) for item in self.general]
        limits += [("photo", item) for item in self.photos if photo]
        if not limits:
            return 0
        client = client_of(address)
        waits = [self._wait(item, kind, client) for kind, item in limits]
        return max(waits, default=0)

    def take_events(self, address: str, number: int) -> int:
        """Count a batch of events; seconds until it may be repeated, 0 if it is allowed now."""
        client = client_of(address)
        waits = [self._wait(item, "event", client, number) for item in self.events]
        return max(waits, default=0)

    def _wait(self, item: RateLimitItem, kind: str, client: str, cost: int = 1) -> int:
        def count(limiter: SlidingWindowCounterRateLimiter) -> int:
            if limiter.hit(item, kind, client, cost=cost):
                return 0
            left = limiter.get_window_stats(item, kind, client).reset_time - time.time()
            return max(1, math.ceil(left))

        return count(self._opened()) if self._shared is None else self._shared.use(count)

    def _opened(self) -> SlidingWindowCounterRateLimiter:
        with self._lock:
            if self._limiter is None:
                self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
            return self._limiter


def client_of(address: str) -> str:
    """The client that an address counts as: in IPv6 the whole /64, which one customer has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # a socket's, or what a proxy made up: servers refuse some keys
        if not address or PLAIN.fullmatch(address):
            return address
        return hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
