"""When an address is asked again: soon, later, or much later."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

# What often passes by itself. The rest is somebody's mistake, which takes a person to mend.
PASSING = frozenset(
    {"connection", "cut_off", "dns", "host_down", "http_408", "http_425", "http_429"}
    | {"protocol", "timeout"}
)
NOT_AT_ONCE = frozenset({"dns", "host_down", "timeout"})  # which took long enough already
AT_ONCE = 2  # further tries within one run
PATIENCE = 30.0  # seconds that a run waits at most for one address


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double: ``first``, twice that, and so on up to ``most`` seconds, each +-25%."""

    first: float
    most: float

    def seconds(self, tries: int, seed: str) -> float:
        """How long to wait after so many failures (from 1). The same for the same seed."""
        plain = min(self.first * 2.0 ** min(tries - 1, 60), self.most)
        return plain * (0.75 + 0.5 * _chance(f"{seed} {tries}"))


WITHIN_RUN = Backoff(1, 8)
SOON = Backoff(5 * 60, 6 * 3600)
LATE = Backoff(6 * 3600, 7 * 86_400)


def passes(code: str) -> bool:
    """Whether a failure is likely to pass by itself."""
    return code in PASSING or code.startswith("http_5")


def again_at_once(code: str, tries: int, wait: float | None, seed: str) -> float | None:
    """Seconds until the next try within the run, or None if this run is not to try again.

    Args:
        code: of the failure.
        tries: in this run, this one included.
        wait: what the server asked for.
        seed: the address's key.
    """
    if tries > AT_ONCE or not passes(code) or code in NOT_AT_ONCE:
        return None
    seconds = max(WITHIN_RUN.seconds(tries, seed), wait or 0.0)
    return seconds if seconds <= PATIENCE else None


def next_try(now: datetime, code: str, tries: int, wait: float | None, seed: str) -> datetime:
    """When a later run tries again; ``tries`` are the runs that failed, one after the other."""
    backoff = SOON if passes(code) else LATE
    return now + timedelta(seconds=max(backoff.seconds(tries, seed), wait or 0.0))


def next_look(now: datetime, days: float, seed: str) -> datetime:
    """When a photo that was fetched is asked for again; spread, so that they do not all come."""
    return now + timedelta(days=days * (0.9 + 0.2 * _chance(seed)))


def _chance(seed: str) -> float:
    """A number from 0 to 1 that looks random and is always the same for a seed."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:7], "big") / 2**56
