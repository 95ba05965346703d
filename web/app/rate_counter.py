"""Counts how often an address asks, in this process's memory: each server process by itself."""

import ipaddress
import math
import time

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter


class Rates:
    """The limits of one app; ``None`` is no limit."""

    def __init__(self, general: str | None, photos: str | None) -> None:
        self.general = parse_many(general) if general else []
        self.photos = parse_many(photos) if photos else []
        # The storage has a thread that forgets old counts: none where nothing is counted.
        self._limiter: SlidingWindowCounterRateLimiter | None = None
        if self.general or self.photos:
            self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def take(self, address: str, photo: bool) -> int:
        """Count a request; after how many seconds it may come again, 0 if it may come now."""
        asked = [("all", item) for item in self.general]
        asked += [("photo", item) for item in self.photos if photo]
        who = visitor_of(address)
        waits = [self._wait(item, kind, who) for kind, item in asked]
        return max(waits, default=0)

    def _wait(self, item: RateLimitItem, kind: str, who: str) -> int:
        if self._limiter is None or self._limiter.hit(item, kind, who):
            return 0
        left = self._limiter.get_window_stats(item, kind, who).reset_time - time.time()
        return max(1, math.ceil(left))


def visitor_of(address: str) -> str:
    """Whom an address is counted as: of IPv6 all of a /64, which is what one customer has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
