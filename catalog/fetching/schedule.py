"""When a download is retried or refreshed: exponential back-off, by the kind of error."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

# Errors that often go away by themselves. The others are mistakes that a person has to correct.
TRANSIENT = frozenset(
    {"connection", "cut_off", "dns", "host_down", "http_408", "http_425", "http_429"}
    | {"protocol", "timeout"}
)
NO_RETRY_IN_RUN = frozenset({"dns", "host_down", "timeout"})  # each took long enough already
MAX_RETRIES_IN_RUN = 2
MAX_WAIT_IN_RUN = 30.0  # seconds that a run waits at most for one address


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays that double from ``first`` up to ``longest`` seconds, each varied by +-25%."""

    first: float
    longest: float

    def seconds(self, failures: int, seed: str) -> float:
        """The delay after n failures (from 1). The same for the same seed."""
        plain = min(self.first * 2.0 ** min(failures - 1, 60), self.longest)
        return plain * (0.75 + 0.5 * _jitter(f"{seed} {failures}"))


IN_RUN_BACKOFF = Backoff(1, 8)
TRANSIENT_BACKOFF = Backoff(5 * 60, 6 * 3600)
PERMANENT_BACKOFF = Backoff(6 * 3600, 7 * 86_400)


def is_transient(code: str) -> bool:
    """Whether an error is likely to go away by itself."""
    return code in TRANSIENT or code.startswith("http_5")


def retry_delay(code: str, tries: int, wait: float | None, seed: str) -> float | None:
    """Seconds until the next try within the run, or None if this run is not to try again.

    Args:
        code: of the error.
        tries: in this run, this one included.
        wait: seconds that the server requested (Retry-After).
        seed: the address's key.
    """
    if tries > MAX_RETRIES_IN_RUN or not is_transient(code) or code in NO_RETRY_IN_RUN:
        return None
    seconds = max(IN_RUN_BACKOFF.seconds(tries, seed), wait or 0.0)
    return seconds if seconds <= MAX_WAIT_IN_RUN else None


def next_try(now: datetime, code: str, tries: int, wait: float | None, seed: str) -> datetime:
    """When a later run tries again; ``tries`` counts the runs that failed in a row."""
    backoff = TRANSIENT_BACKOFF if is_transient(code) else PERMANENT_BACKOFF
    longest = longest_pause(0).total_seconds()  # also for a server that wants to wait longer
    return now + timedelta(seconds=min(max(backoff.seconds(tries, seed), wait or 0.0), longest))


def next_refresh(now: datetime, days: float, seed: str) -> datetime:
    """When a downloaded photo is requested again: after ``days`` +-10%, to spread the load."""
    return now + timedelta(days=days * (0.9 + 0.2 * _jitter(seed)))


def longest_pause(days: float) -> timedelta:
    """The longest time until the next request of a photo, whose refresh is due after ``days``."""
    return timedelta(seconds=1.25 * max(PERMANENT_BACKOFF.longest, days * 86_400))


def _jitter(seed: str) -> float:
    """A number from 0 to 1 that looks random and is always the same for a seed."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:7], "big") / 2**56
