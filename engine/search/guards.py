"""Guards: the rules that a result may never break, as masks over columns of catalogue facts.

Never a product that is sold out, retired or unknown to the catalogue; never a variant of a seed;
never the wrong gender or age group for the seed. Each guard can be lifted by its name, but for
that of unknown products. The search itself sees to it that nothing is shown twice, no seed, and
no two products that look the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from engine.arrays import Bool
from engine.errors import RequestError
from engine.facts.guard_columns import GuardColumns
from engine.labels.audience import NO_CODE, fits
from engine.search.row_values import among


@dataclass(frozen=True, slots=True)
class Lifts:
    """Which guards a request lifts; False keeps the guard.

    Attributes:
        any_gender: also show the other gender than the seed's.
        any_age_group: also show another age group than the seed's.
        sold_out: also show what cannot be bought now.
        variants_of_seed: also show other sizes or colourways of a seed.
        near_duplicates: also show several products that look the same.
        retired: also show what the shop no longer sells, while the index still has it.
        seed: also show the seeds themselves.

    Example:
        >>> from engine import Lifts, Recommender, Request
        >>> request = Request(seeds=("LK000002",), k=1, lifts=Lifts(seed=True))
        >>> [result.product_id for result in Recommender.open().answer(request).results]
        ['LK000002']
    """

    any_gender: bool = False
    any_age_group: bool = False
    sold_out: bool = False
    variants_of_seed: bool = False
    near_duplicates: bool = False
    retired: bool = False
    seed: bool = False

    @classmethod
    def of(cls, options: Mapping[str, object]) -> Self:
        """From keyword arguments.

        Raises:
            RequestError: an unknown name, or a value that is not True or False.
        """
        lifted: dict[str, bool] = {}
        for name, value in options.items():
            if name not in LIFTS or not isinstance(value, bool):
                raise RequestError(
                    f"{name}={value!r} lifts no guard. "
                    f"Guards are lifted by {', '.join(LIFTS[:-1])} or {LIFTS[-1]}, True or False."
                )
            lifted[name] = value
        return cls(**lifted)


LIFTS = tuple(one.name for one in fields(Lifts))


def guard_mask(
    seeds: GuardColumns,
    products: GuardColumns,
    lifts: Lifts,
    own: Bool | None = None,
    *,
    kinds: bool = False,
) -> Bool:
    """Which products may be shown for which seeds.

    Args:
        seeds: facts of S seeds; of none for an uploaded photo.
        products: facts of N products, made by the same coder.
        lifts: guards that are lifted.
        own: ``(N,)`` bool, the products that are seeds themselves and so no variants of one.
        kinds: also keep to the seeds' kinds (`engine.labels.kinds`).

    Returns:
        ``(max(S, 1), N)`` bool. A variant of any seed is shown for none.
    """
    fine = products.known
    if not lifts.retired:
        fine = fine & ~products.retired
    if not lifts.sold_out:
        fine = fine & ~products.sold_out
    groups = seeds.group[seeds.group != NO_CODE]
    if groups.size and not lifts.variants_of_seed:
        variant = among(products.group, groups)
        fine = fine & ~(variant if own is None else variant & ~own)
    mask = np.repeat(fine[np.newaxis], max(len(seeds.group), 1), axis=0)
    for row in range(len(seeds.group)):
        if not lifts.any_gender:
            mask[row] &= fits(seeds.gender[row], products.gender)
        if not lifts.any_age_group:
            mask[row] &= fits(seeds.age_group[row], products.age_group)
        if kinds:
            mask[row] &= fits(seeds.kind[row], products.kind)
    return mask
