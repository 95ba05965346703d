"""A page of the grid for a text: the products that look like it and are called so."""

import logging
from threading import Lock, Thread
from typing import NamedTuple

from catalog.errors import FilterError
from catalog.filters.filter import Filter
from catalog.records import Page, SearchNote
from engine.applications.words.results import WordAnswer
from engine.applications.words.search import CANDIDATES, MAX_TEXT, WordSearch
from engine.errors import EngineError
from web.app.context import Shop

log = logging.getLogger(__name__)

MOST_FOUND = 3 * CANDIDATES  # products that three voices name at most
_loading = Lock()


class WordPage(NamedTuple):
    """A page of products, and how its text was understood; None: by its words alone."""

    page: Page
    answer: WordAnswer | None = None


def word_page(shop: Shop, text: str, where: Filter, page: int, per_page: int) -> WordPage:
    """One page of the products for a text, the best first.

    Looks, words and wishes rank as many products as the voices name; what has the words and comes
    after them follows in the order of the words. While the encoder is not loaded yet, words alone
    decide, and it is loaded in the background.

    Args:
        shop: whose products.
        text: what somebody searches for.
        where: what the listing is narrowed to.
        page, per_page: from 1, and the products of each.
    """
    try:
        answer = _answer(shop, text, where)
    except FilterError:  # no price is both that of the text and that of the filter
        return WordPage(Page((), 0, page, per_page))
    if answer is None:
        return WordPage(shop.catalogue.browse(text=text, where=where, page=page, per_page=per_page))
    by_words = Page((), 0, page, per_page)
    if answer.words or not answer.wishes.wishes:
        by_words = shop.catalogue.browse(
            text=answer.words, where=answer.where, page=page, per_page=per_page
        )
    ids = [one.product_id for one in answer.results]
    total, exact = len(ids), True
    if (
        by_words.total > CANDIDATES and not answer.partly
    ):  # only those that have the words, the first of them by all
        whole_pages = CANDIDATES // per_page
        if page > whole_pages:
            return WordPage(by_words, answer)
        first = frozenset(answer.named[: whole_pages * per_page])
        ids = [one for one in ids if one in first]
        total, exact = by_words.total, by_words.exact
    shown = ids[(page - 1) * per_page : page * per_page]
    products = tuple(shop.catalogue.products(shown).values())
    note = by_words.note if answer.note == SearchNote() else answer.note
    return WordPage(Page(products, total, page, per_page, note, exact), answer)


def _answer(shop: Shop, text: str, where: Filter) -> WordAnswer | None:
    """The answer to a text; None where words alone must do."""
    if len(text) > MAX_TEXT:
        return None
    try:
        words = shop.words
        if not words.ready:
            _load(words)
            return None
        answer = words.search(text, MOST_FOUND, where)
    except EngineError as error:
        shop.warn_once(f"Searches go by words alone. {error}")
        return None
    return answer if answer.by_look else None


def _load(words: WordSearch) -> None:
    """Load the encoder in the background, one thread at a time."""
    if _loading.acquire(blocking=False):
        Thread(target=_loaded, args=(words,), name="load-texts", daemon=True).start()


def _loaded(words: WordSearch) -> None:
    try:
        words.prepare()
    except EngineError as error:
        log.warning("Searches go by words alone. %s", error)
    finally:
        _loading.release()
