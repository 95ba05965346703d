"""Where pinned products stand in a panel."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")


class Pin(NamedTuple):
    """A row that a rule gives a position; ``position`` counts from 1."""

    position: int
    row: int
    rule_id: str


def assign_positions(pins: Iterable[Pin]) -> dict[int, Pin]:
    """Position -> pin, ascending.

    Of two pins at one position, the later one goes to the next position without a pin.

    Args:
        pins: those that may be shown, by the order of their rules.
    """
    taken: dict[int, Pin] = {}
    displaced = [pin for pin in pins if taken.setdefault(pin.position, pin) is not pin]
    for pin in displaced:
        position = pin.position
        while position in taken:
            position += 1
        taken[position] = pin
    return dict(sorted(taken.items()))


def merge(ranked: Sequence[Item], pinned: Mapping[int, Item], k: int) -> list[Item]:
    """Up to ``k`` items, the pinned ones at their positions and the others around them, in order.

    Args:
        ranked: best first, none of the pinned among them.
        pinned: position from 1 -> item; one beyond the end of the others comes right after them.
        k: how many are wanted.
    """
    line: list[Item] = []
    others = iter(ranked)
    waiting = dict(sorted(pinned.items()))
    while len(line) < k:
        position = len(line) + 1
        if position in waiting:
            line.append(waiting.pop(position))
            continue
        try:
            line.append(next(others))
        except StopIteration:
            line += waiting.values()
            break
    return line[:k]
