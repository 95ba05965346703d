"""Limits of a process that reads bytes from outside, set by that process itself."""

import resource
from collections.abc import Mapping


def lower_limits(limits: Mapping[int, int]) -> None:
    """Lower limits of this process for good.

    Args:
        limits: what is limited, such as ``resource.RLIMIT_AS``, and to how much; a lower limit
            that holds already stays.
    """
    for what, most in limits.items():
        hard = resource.getrlimit(what)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (limit, limit))
