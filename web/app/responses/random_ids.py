"""Random ids that are no secrets, made from random bytes that are fetched some at a time.

A call of the system for each id would cost as much as all else that an id needs.
"""

import os
from threading import Lock

REQUEST_ID = "X-Request-ID"  # the header with the id of a request
FETCHED = 4_096  # bytes

_lock = Lock()
_bytes = bytearray()


def random_id(count: int) -> str:
    """A random id of ``count`` bytes, as twice as many hexadecimal digits; for no secret."""
    with _lock:
        if len(_bytes) < count:
            _bytes.extend(os.urandom(FETCHED))
        found = bytes(_bytes[-count:])
        del _bytes[-count:]
    return found.hex()


def _after_fork() -> None:
    # Two processes with the same bytes would make the same ids.
    global _lock
    _lock = Lock()
    _bytes.clear()


os.register_at_fork(after_in_child=_after_fork)
