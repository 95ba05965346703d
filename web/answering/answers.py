"""Asking the engine, for pages and the API alike: the one place that every answer passes."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from PIL import Image

from catalog.rules.rule import Action
from engine.errors import EngineError
from engine.recommendation.request import Request
from engine.recommendation.results import Panel
from web.answering import visitors
from web.answering.tracking import arm_of, tracked
from web.app.context import Shop


def ask(shop: Shop, question: Request) -> Panel:
    """The answer to a question about products.

    Raises:
        catalog.errors.UnknownProduct: a seed is not in the catalogue.
        engine.errors.EngineError: the question cannot be answered.
    """
    return tracked(shop, question, lambda recommender, asked: recommender.answer(asked))


def ask_photo(shop: Shop, image: Image.Image, question: Request) -> Panel:
    """What looks like a photo."""
    return tracked(
        shop, question, lambda recommender, asked: recommender.answer_to_image(image, asked)
    )


def about(question: Request, seeds: tuple[str, ...], less: tuple[str, ...]) -> Request:
    """A question about some of its products only; none of the others is shown either."""
    if (seeds, less) == (question.seeds, question.less):
        return question
    weights = {seed: weight for seed, weight in question.weights.items() if seed in seeds}
    never = (*question.exclude, *question.seeds, *question.less)
    return replace(question, seeds=seeds, less=less, weights=weights, exclude=never)


def pins(shop: Shop, panel: Panel) -> frozenset[str]:
    """The rules that acted on a panel by pinning a product."""
    acted = {result.rule for result in panel.results if result.rule}
    if not acted:
        return frozenset()
    rules = shop.rules.all()
    return frozenset(
        rule.rule_id for rule in rules if rule.action is Action.PIN and rule.rule_id in acted
    )


def state(shop: Shop) -> tuple[str, ...]:
    """All that an answer depends on, apart from its question."""
    arm = arm_of(shop, visitors.current())
    split = () if arm is None or shop.experiment is None else (shop.experiment.name, arm.name)
    if arm is not None and arm.home is not None:
        with suppress(EngineError):  # then the shop's own index answers
            split = (*split, shop.recommender_of(arm.home).generation)
    generation, watermark = shop.recommender.generation, shop.catalogue.watermark()
    return (generation, watermark, shop.rules.version(), *split)


def indexed(shop: Shop, ids: Sequence[str]) -> list[str]:
    """Those products that the live generation has a row of: one new arrival on a wishlist must
    not cost the panel of all the others."""
    rows = shop.recommender.live().row_of
    return [product_id for product_id in ids if product_id in rows]
