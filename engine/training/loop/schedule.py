"""Schedules as pure functions of the step, so that resuming is exact."""

import math


def fitting_warmup(total: int, warmup: int) -> int:
    """Returns the steps of the warm-up: half of the steps if ``warmup`` is more than all of them.

    Without this limit the learning rate of a short run would never reach its peak.

    >>> fitting_warmup(total=600, warmup=50), fitting_warmup(total=20, warmup=50)
    (50, 10)
    """
    return warmup if warmup <= total else total // 2


def learning_rate_factor(step: int, total: int, warmup: int, floor: float = 0.0) -> float:
    """Returns the factor of the peak learning rate at ``step``, in (0, 1] before the end.

    Linear warm-up over the first ``warmup`` steps (see `fitting_warmup`), above 0 from the first
    one, then cosine decay to ``floor`` at step ``total``, where it stays.

    >>> [learning_rate_factor(step, total=4, warmup=2) for step in range(5)]
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    warmup = fitting_warmup(total, warmup)
    if step < warmup:
        return (step + 1) / warmup
    done = min(1.0, (step - warmup) / max(1, total - warmup))
    return floor + (1 - floor) * (1 + math.cos(math.pi * done)) / 2


def mines_hard(step: int, total: int, begin: float = 0.5, end: float = 0.9) -> bool:
    """Tells whether a step mines hard.

    The share of such steps is 0 before ``begin`` and 1 from ``end`` on, both fractions of the run,
    and rises linearly between them. Hard negatives from the start make an embedding collapse, and
    most wrong labels are among them, so they come last and gradually. A step mines hard if the sum
    of the shares up to it passes a whole number, so such steps are spread evenly.
    """
    return math.floor(_summed_share(step + 1, total, begin, end)) > math.floor(
        _summed_share(step, total, begin, end)
    )


def _summed_share(step: int, total: int, begin: float, end: float) -> float:
    """Returns the integral of the share from 0 to ``step``, in steps."""
    first, last = begin * max(1, total), max(begin, end) * max(1, total)
    ramp = min(max(step - first, 0.0), last - first)
    rising = ramp * ramp / (2 * (last - first)) if last > first else 0.0
    return rising + max(0.0, step - last)
