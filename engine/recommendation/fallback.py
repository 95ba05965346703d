"""What is shown when nothing is left: less of the filter, best sellers, or nothing at all."""

from collections.abc import Callable, Iterator, Sequence

from catalog.filters.filter import Filter

ASKED_PER_RESULT = 10  # best sellers, because guards leave some of them out
BestSellers = Callable[[str | None, int], Sequence[str]]
# What is given up first comes first: attributes before these, in the order of their names. Gender
# and age group are never given up: who they are not for has no use for the results.
ORDER = (
    "on_sale",
    "pattern",
    "brand",
    "colour",
    "price_from",
    "price_to",
    "availability",
    "category",
)


def relaxations(wanted: Filter) -> Iterator[tuple[Filter, tuple[str, ...]]]:
    """The filter with one field fewer each time, and all fields that were dropped so far.

    Attributes go first, by name, and then what `ORDER` says.
    """
    asked = wanted.as_json()
    dropped: tuple[str, ...] = ()
    for name in (*(name for name in asked if name.startswith("attributes.")), *ORDER):
        if name in asked:
            dropped = (*dropped, name)
            yield wanted.without(dropped), dropped
