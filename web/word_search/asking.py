"""Questions in words to the engine, of which few load the encoder at once."""

from catalog.filters.filter import Filter
from engine.applications.words.results import ChangedAnswer, WordAnswer
from engine.applications.words.search import WordSearch
from engine.errors import EncoderError
from engine.recommendation.request import Request
from web.app.context import Shop
from web.photo_search.upload import photo_search_slot


def search_in_words(shop: Shop, text: str, where: Filter, k: int) -> WordAnswer:
    """The products for a text.

    Raises:
        engine.errors.EngineError: as for `WordSearch.search`.
        web.app.errors.Busy: the encoder is being loaded for other requests.
    """
    return _ready(shop).search(text, k, where)


def changed_by_words(shop: Shop, request: Request, text: str) -> ChangedAnswer:
    """The products like a seed, but for what words change.

    Raises:
        catalog.errors.UnknownProduct, engine.errors.EngineError: as for `WordSearch.changed`.
        web.app.errors.Busy: the encoder is being loaded for other requests.
    """
    return _ready(shop).changed(request, text)


def _ready(shop: Shop) -> WordSearch:
    words = shop.words
    if not words.ready:
        with photo_search_slot(shop):
            try:
                words.prepare()
            except EncoderError as error:  # a search goes by words alone
                shop.warn_once(f"Searches go by words alone. {error}")
    return words
