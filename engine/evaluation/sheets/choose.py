"""Which seeds a contact sheet shows: by a fixed rule, so that sheets can be compared."""

from collections.abc import Collection, Sequence
from hashlib import sha256
from itertools import cycle

from engine.arrays import Int64
from engine.labels.labels import UNKNOWN

SEEDS = 40
WISHLISTS, WISHLIST_SEEDS = 3, 3
PEOPLE = 10


def seeds_across(types: Int64, keys: Sequence[str], count: int = SEEDS) -> list[int]:
    """Rows of up to ``count`` products, of as many types as possible.

    Types take turns, the largest first; within a type the smallest digest of the key comes first.
    Products of unknown type are drawn last.

    Args:
        types: ``(N,)`` type codes, -1 for unknown.
        keys: N stable texts, such as product ids.
        count: how many at most.
    """
    groups: dict[int, list[int]] = {}
    digests = [sha256(f"sheet {key}".encode()).digest() for key in keys]
    for row in sorted(range(len(keys)), key=lambda row: (digests[row], row)):
        groups.setdefault(int(types[row]), []).append(row)
    unknown = groups.pop(UNKNOWN, [])
    ordered = sorted(groups.values(), key=lambda rows: (-len(rows), digests[rows[0]]))
    longest = max(map(len, ordered), default=0)
    drawn = [rows[turn] for turn in range(longest) for rows in ordered if turn < len(rows)]
    return (drawn + unknown)[:count]


def wishlists(seeds: Sequence[int]) -> list[list[int]]:
    """Up to three wishlists of three consecutive seeds, which are of different types where the
    types suffice."""
    size = WISHLIST_SEEDS
    lists = [list(seeds[at : at + size]) for at in range(0, WISHLISTS * size, size)]
    return [each for each in lists if len(each) > 1]


def in_turns(
    rankings: Sequence[Sequence[int]], left_out: Collection[int], count: int
) -> list[tuple[int, int]]:
    """The first results of several seeds in turns, each product once.

    Args:
        rankings: rows of products for each seed, best first.
        left_out: rows that are never shown, such as the seeds.
        count: how many results at most.

    Returns:
        For each result the seed whose turn it was, and the row.
    """
    shown: list[tuple[int, int]] = []
    used = set(left_out)
    waiting = [iter(ranking) for ranking in rankings]
    turns = cycle(range(len(waiting)))
    missed = 0  # turns in a row without a result
    while len(shown) < count and missed < len(waiting):
        seed = next(turns)
        row = next((row for row in waiting[seed] if row not in used), None)
        missed = missed + 1 if row is None else 0
        if row is not None:
            shown.append((seed, row))
            used.add(row)
    return shown
