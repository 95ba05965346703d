"""The facets that a request may weigh, with their default weights."""

from collections.abc import Mapping

from engine.errors import GenerationError
from web.app.context import Shop


def default_weights(shop: Shop) -> Mapping[str, float]:
    """The default weights of the facets, if there is more than one.

    Raises:
        engine.errors.GenerationError: there is no complete index.
    """
    weights = shop.recommender.live().layout.weights
    return weights if len(weights) > 1 else {}


def photo_weights(shop: Shop) -> Mapping[str, float]:
    """The default weights of the facets in a search by photo, if there is more than one.

    Without a usable index there are none.
    """
    try:
        weights = shop.recommender.live().layout.photo_weights
    except GenerationError:
        return {}
    return weights if len(weights) > 1 else {}
