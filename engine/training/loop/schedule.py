"""What changes while a run goes on, as pure functions of the step, so that resuming is exact."""

import math


def learning_rate_factor(step: int, total: int, warmup: int, floor: float = 0.0) -> float:
    """What the peak learning rate is multiplied by at ``step``, in (0, 1] before the end.

    Rises in a straight line over the first ``warmup`` steps (the first step already moves), then
    falls along half a cosine to ``floor`` at ``total`` and stays there.
    """
    if step < warmup:
        return (step + 1) / warmup
    done = min(1.0, (step - warmup) / max(1, total - warmup))
    return floor + (1 - floor) * (1 + math.cos(math.pi * done)) / 2


def hard_share(step: int, total: int, begin: float = 0.5, end: float = 0.9) -> float:
    """The share of steps mined hard around ``step``: 0 before ``begin``, 1 from ``end`` on.

    ``begin`` and ``end`` are fractions of the run; between them the share rises in a straight
    line. Hard negatives from the start are what makes an embedding collapse, and most wrong
    labels are found among them, so they come last and gradually.
    """
    done = step / max(1, total)
    if end <= begin:
        return float(done >= begin)
    return min(1.0, max(0.0, (done - begin) / (end - begin)))


def mines_hard(step: int, total: int, begin: float = 0.5, end: float = 0.9) -> bool:
    """Whether this step mines hard: steps spread evenly so that they make up `hard_share`.

    A step is hard when the sum of shares up to it passes a whole number.
    """
    return math.floor(_summed(step + 1, total, begin, end)) > math.floor(
        _summed(step, total, begin, end)
    )


def _summed(step: int, total: int, begin: float, end: float) -> float:
    """The integral of `hard_share` from 0 to ``step``, in steps."""
    first, last = begin * max(1, total), max(begin, end) * max(1, total)
    ramp = min(max(step - first, 0.0), last - first)
    rising = ramp * ramp / (2 * (last - first)) if last > first else 0.0
    return rising + max(0.0, step - last)
