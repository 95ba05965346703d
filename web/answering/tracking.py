"""Logs answers. The log may be slow, full or broken: the answer is sent anyway."""

from flask import request

from catalog.events.event import Answer, facets_text
from catalog.utc import utc_now
from web.app.context import Shop
from web.app.responses.recent import Given


def log_answer(shop: Shop, given: Given, visitor: str | None) -> None:
    """Put an answer into the event queue, and count it; HEAD requests are not logged."""
    for notify in shop.on_answer:
        notify(given.panel)
    if shop.events is None or request.method == "HEAD":
        return
    panel, arm = given.panel, given.arm
    shop.events.put(
        Answer(
            query_id=panel.query_id,
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
