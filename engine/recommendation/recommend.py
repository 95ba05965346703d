"""`recommend`: the short form, for one home in one process."""

import functools
from typing import Unpack

from engine.recommendation.recommender import Recommender
from engine.recommendation.request import DEFAULT_K, FacetWeights, ProductIds, RequestOptions
from engine.recommendation.results import Recommendation


def recommend(
    product_id: str,
    k: int = DEFAULT_K,
    facets: FacetWeights | None = None,
    *,
    exclude: ProductIds = (),
    **options: Unpack[RequestOptions],
) -> list[Recommendation]:
    """Up to ``k`` products that are similar to one, from the home that LOOKALIKE_HOME names.

    The connection is opened once a process. Arguments and errors are those of `Recommender.panel`.

    Example:
        >>> from engine import recommend
        >>> results = recommend("LK000002", k=3, filter={"price_to": 300})
        >>> [result.rank for result in results]
        [1, 2, 3]
        >>> all(-1 <= result.score <= 1 for result in results)
        True
    """
    return _default().similar_to(product_id, k, facets, exclude=exclude, **options)


@functools.cache
def _default() -> Recommender:
    return Recommender.open()
