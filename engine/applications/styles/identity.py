"""Numbers of styles that last: a style keeps its number while most of it stays together."""

import numpy as np

from engine.arrays import Int64


def lasting_numbers(groups: Int64, before: Int64, next_number: int) -> Int64:
    """The number of each new group.

    A group gets the number of an earlier style of which it has more than half of the products that
    still exist. If it has most of several, it gets that of which it has most products; the numbers
    of the others are given to nobody again.

    Args:
        groups: ``(N,)`` the new group of each product, numbered from 0 without gaps.
        before: ``(N,)`` the number of the style that it was in, -1 for none.
        next_number: the first one that was never given.

    Returns:
        ``(G,)`` int64 different numbers; new ones in the order of the groups.
    """
    total = int(groups.max(initial=-1)) + 1
    numbers = np.full(total, -1, dtype=np.int64)
    known = before >= 0
    pairs, together = np.unique(
        np.stack([groups[known], before[known]], axis=1), axis=0, return_counts=True
    )
    sizes = np.bincount(before[known])
    taken: set[int] = set()
    for place in np.argsort(-together, kind="stable").tolist():
        group, number = pairs[place].tolist()
        most = 2 * together[place] > sizes[number]
        if most and numbers[group] < 0 and number not in taken:
            numbers[group] = number
            taken.add(number)
    new = np.flatnonzero(numbers < 0)
    numbers[new] = next_number + np.arange(len(new))
    return numbers
