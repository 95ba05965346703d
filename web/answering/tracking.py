"""Every answer passes here: asked as the visitor's arm has it, and put into the event log.

The log can be slow, full or broken, and an arm can be misconfigured: an answer is given anyway.
"""

from collections.abc import Callable

from flask import request

from catalog.events.event import Answer, Shown, facets_text
from catalog.utc import utc_now
from engine.errors import EngineError
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import Request
from engine.recommendation.results import Panel
from web.answering import visitors
from web.app.context import Shop
from web.app.experiments import Arm

Ask = Callable[[Recommender, Request], Panel]


def tracked(shop: Shop, question: Request, ask: Ask) -> Panel:
    """The answer to a question, in the visitor's arm where an experiment is running.

    An arm that cannot answer is passed by, and the answer is no part of the experiment.

    Raises:
        catalog.errors.UnknownProduct, engine.errors.EngineError: as ``ask`` does.
    """
    visitor = visitors.current()
    arm = arm_of(shop, visitor)
    if arm is not None:
        meant = arm.applied(question)
        try:
            panel = ask(shop.recommender_of(arm.home), meant)
        except EngineError as error:
            if meant is question and arm.home is None:
                raise
            shop.warn_once(f"The arm {arm.name!r} of the experiment cannot answer: {error}")
        else:
            note(shop, panel, meant, visitor, arm)
            return panel
    panel = ask(shop.recommender, question)
    note(shop, panel, question, visitor, None)
    return panel


def arm_of(shop: Shop, visitor: str | None) -> Arm | None:
    """The arm that a visitor is in; None without an experiment or an id."""
    if shop.experiment is None or visitor is None:
        return None
    return shop.experiment.arm_of(visitor)


def note(shop: Shop, panel: Panel, question: Request, visitor: str | None, arm: Arm | None) -> None:
    """Have an answer logged."""
    if shop.events is None or request.method == "HEAD":
        return
    shown = (Shown(one.product_id, one.rank, one.rule) for one in panel.results)
    shop.events.put(
        Answer(
            query_id=panel.query_id,
            at=utc_now(),
            seeds=panel.seeds,
            shown=tuple(shown),
            facets=facets_text(question.facets),
            rules=panel.rules,
            fallback=panel.fallback.value,
            visitor=visitor,
            experiment=shop.experiment.name if shop.experiment and arm else None,
            arm=arm.name if arm else None,
        )
    )
