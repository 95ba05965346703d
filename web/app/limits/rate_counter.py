"""Counts the requests of each client address in memory; each server process by itself."""

import ipaddress
import math
import time

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter


class Rates:
    """The rate limits of one app, such as ``120/minute``; None is no limit."""

    def __init__(self, general: str | None, photos: str | None) -> None:
        self.general = parse_many(general) if general else []
        self.photos = parse_many(photos) if photos else []
        # The storage has a thread that drops old counts: none where nothing is counted.
        self._limiter: SlidingWindowCounterRateLimiter | None = None
        if self.general or self.photos:
            self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def take(self, address: str, photo: bool) -> int:
        """Count a request; seconds until it may be repeated, 0 if it is allowed now."""
        limits = [("all", item) for item in self.general]
        limits += [("photo", item) for item in self.photos if photo]
        client = client_of(address)
        waits = [self._wait(item, kind, client) for kind, item in limits]
        return max(waits, default=0)

    def _wait(self, item: RateLimitItem, kind: str, client: str) -> int:
        if self._limiter is None or self._limiter.hit(item, kind, client):
            return 0
        left = self._limiter.get_window_stats(item, kind, client).reset_time - time.time()
        return max(1, math.ceil(left))


def client_of(address: str) -> str:
    """The client that an address counts as: in IPv6 the whole /64, which one customer has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
