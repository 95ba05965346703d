"""Logs answers. The log may be slow, full or broken: the answer is sent anyway."""

from collections.abc import Sequence

from flask import request

from catalog.events.event import Answer, Shown, facets_text, searched_text
from catalog.utc import utc_now
from web.answering.query_ids import new_query_id
from web.app.context import Shop
from web.app.responses.recent import Given


def log_answer(shop: Shop, given: Given, visitor: str | None) -> None:
    """Put an answer into the event queue, and count it; HEAD requests are not logged."""
    stored = request.method != "HEAD"
    put_in_log(shop, given, visitor, given.panel.query_id, stored=stored)


def put_in_log(
    shop: Shop, given: Given, visitor: str | None, query_id: str, *, stored: bool = True
) -> None:
    """As `log_answer`, outside of a request of Flask's, and under any query id."""
    for notify in shop.on_answer:
        notify(given.panel)
    if shop.events is None or not stored:
        return
    panel, arm = given.panel, given.arm
    shop.events.put(
        Answer(
            query_id=query_id,
            at=utc_now(),
            seeds=panel.seeds,
            shown=given.shown,
            facets=facets_text(given.facets),
            rules=panel.rules,
            fallback=panel.fallback.value,
            visitor=visitor,
            experiment=shop.experiment.name if shop.experiment and arm else None,
            arm=arm.name if arm else None,
        )
    )


def log_search(shop: Shop, text: str, product_ids: Sequence[str], seeds: Sequence[str] = ()) -> str:
    """Put the first results of a search in words into the event queue; their query id.

    Args:
        shop: whose log it is.
        text: what was searched for.
        product_ids: what is shown, in order; empty: it found nothing.
        seeds: the product whose look the words changed, if one was given.
    """
    query_id = new_query_id(shop)
    if shop.events is not None and request.method != "HEAD":
        shown = tuple(Shown(one, rank) for rank, one in enumerate(product_ids, start=1))
        kept = searched_text(text)
        shop.events.put(Answer(query_id, utc_now(), tuple(seeds), shown, text=kept))
    return query_id
