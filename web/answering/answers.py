"""Answers of the engine for pages and the API: by the visitor's experiment arm, and logged."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import TypeAlias, TypeVar

from PIL import Image

from catalog.rules.rule import Action
from engine.errors import EngineError, NotIndexed
from engine.recommendation.photo import EmbeddedPhoto, Photo
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import Request
from engine.recommendation.results import Fallback, Panel
from web.answering.costs import costly_slot
from web.answering.query_ids import new_query_id
from web.answering.shop_ids import with_our_ids
from web.answering.tracking import log_answer
from web.app.context import Shop
from web.app.experiments import Arm
from web.app.responses.recent import Given

T = TypeVar("T")
Version: TypeAlias = tuple[str, ...]
ARM = 3  # where a version names the experiment's arm, if there is one
LASTING = frozenset({Fallback.NONE, Fallback.RELAXED_FILTER})


def answer(shop: Shop, request: Request, visitor: str | None, photo: Photo | None = None) -> Panel:
    """The products similar to a request's seeds, or to a photo.

    Seeds that are not indexed, such as new arrivals on a wishlist, are ignored.

    Raises:
        catalog.errors.UnknownProduct: the seeds are not in the catalogue.
        engine.errors.NotIndexed: no seed is indexed.
        engine.errors.EngineError: the request cannot be answered.
        web.app.errors.Busy: too many expensive requests are being answered.
    """
    if photo is not None:
        return new_answer(shop, request, visitor, photo).panel
    version = data_version(shop, visitor)
    given = answer_at(shop, request, visitor, version)
    new = not given.again and is_lasting(given)
    if new and data_version(shop, visitor) == version:
        keep(shop, request, version, given)
    return given.panel


def answer_at(shop: Shop, request: Request, visitor: str | None, version: Version) -> Given:
    """As `answer` without a photo: an answer of moments ago, if there is one, or a new one.

    Args:
        shop, request, visitor: as there.
        version: what `data_version` says now.
    """
    known = shop.recent_panels.get(key_of(request, version))
    return new_answer(shop, request, visitor) if known is None else again(shop, known, visitor)


def new_answer(
    shop: Shop, request: Request, visitor: str | None, photo: Photo | None = None
) -> Given:
    """As `answer`, computed by the engine."""
    with costly_slot(shop, request) if photo is None else nullcontext():
        request = with_our_ids(shop, request)
        try:
            return answer_by_arm(shop, indexed_only(shop, request), visitor, photo)
        except NotIndexed:  # another index may have been published between the two steps
            return answer_by_arm(shop, indexed_only(shop, request), visitor, photo)


def again(shop: Shop, known: Given, visitor: str | None) -> Given:
    """A known answer under a query id and a log entry of its own."""
    panel = replace(known.panel, query_id=new_query_id(shop))
    return logged(shop, replace(known, panel=panel, again=True), visitor)


def is_lasting(given: Given) -> bool:
    """Whether an answer is right as long as its data version is; best sellers change without."""
    return given.panel.fallback in LASTING


def keep(shop: Shop, request: Request, version: Version, given: Given) -> bool:
    """Keep a lasting answer for the same request under the same version; whether it is kept.

    One is not kept that the shop gave because the arm, which the version names, could not.
    """
    if given.again:
        return True
    if given.arm is None and len(version) > ARM:
        return False
    size = len(given.panel.results) + len(given.panel.seeds) + 1
    shop.recent_panels.put(key_of(request, version), given, size)
    return True


def key_of(request: Request, version: Version) -> bytes:
    """What is equal for requests that have the same answer, short however long they are."""
    return hashlib.sha256(repr((version, request)).encode("utf-8", "surrogatepass")).digest()


def answer_by_arm(shop: Shop, request: Request, visitor: str | None, photo: Photo | None) -> Given:
    """The answer of the visitor's experiment arm, logged.

    If the arm cannot answer, the shop's own settings do, and the answer does not count in the
    experiment.
    """
    arm = arm_of(shop, visitor)
    if arm is not None:
        by_arm = arm.applied(request)
        try:
            panel = find(shop, shop.recommender_of(arm.home), by_arm, photo)
        except EngineError as error:
            if by_arm is request and arm.home is None:
                raise
            shop.warn_once(f"The arm {arm.name!r} of the experiment cannot answer: {error}")
        else:
            return logged(shop, Given.of(panel, by_arm.facets, arm), visitor)
    panel = find(shop, shop.recommender, request, photo)
    return logged(shop, Given.of(panel, request.facets), visitor)


def logged(shop: Shop, given: Given, visitor: str | None) -> Given:
    """An answer, which has an entry in the log now."""
    log_answer(shop, given, visitor)
    return given


def tracked(shop: Shop, request: Request, panel: Panel, visitor: str | None) -> Panel:
    """A panel that the engine gave, under an id that the shop recognises, with a log entry."""
    ours = replace(panel, query_id=new_query_id(shop))
    return logged(shop, Given.of(ours, request.facets, None), visitor).panel


def embed(shop: Shop, image: Image.Image, visitor: str | None) -> EmbeddedPhoto:
    """A visitor's photo with its embedding, for `nearest` and `answer`.

    Raises:
        engine.errors.EngineError: no encoder or index can be used.
    """
    return ask(shop, visitor, lambda recommender: recommender.embed(image))


def nearest(shop: Shop, photo: Photo, visitor: str | None, k: int) -> Panel:
    """The products nearest to a photo, whatever they are; not logged.

    Raises:
        engine.errors.EngineError: the request cannot be answered.
    """
    wanted = Request((), k=k, rules=False, fallback=False)
    return ask(shop, visitor, lambda recommender: recommender.answer_to_image(photo, wanted))


def ask(shop: Shop, visitor: str | None, question: Callable[[Recommender], T]) -> T:
    """What the recommender of the visitor's experiment arm says; if it cannot, the shop's own."""
    arm = arm_of(shop, visitor)
    if arm is not None and arm.home is not None:
        with suppress(EngineError):
            return question(shop.recommender_of(arm.home))
    return question(shop.recommender)


def find(shop: Shop, recommender: Recommender, request: Request, photo: Photo | None) -> Panel:
    """The engine's answer, under an id that the shop recognises."""
    if photo is None:
        panel = recommender.answer(request)
    else:
        panel = recommender.answer_to_image(photo, request)
    return replace(panel, query_id=new_query_id(shop))


def indexed_only(shop: Shop, request: Request) -> Request:
    """A request without its products that are not indexed, which are excluded from the results.

    If no seed is indexed, all are kept, so that the engine names one in its error.
    """
    seeds = tuple(indexed(shop, request.seeds)) or request.seeds
    less = tuple(indexed(shop, request.less))
    if (seeds, less) == (request.seeds, request.less):
        return request
    weights = {seed: weight for seed, weight in request.weights.items() if seed in seeds}
    exclude = (*request.exclude, *request.seeds, *request.less)
    return replace(request, seeds=seeds, less=less, weights=weights, exclude=exclude)


def indexed(shop: Shop, ids: Sequence[str]) -> list[str]:
    """The products that have a row in the index in use."""
    if not ids:
        return []
    rows = shop.recommender.live().row_of
    return [product_id for product_id in ids if product_id in rows]


def arm_of(shop: Shop, visitor: str | None) -> Arm | None:
    """The experiment arm of a visitor; None without an experiment or a visitor id."""
    if shop.experiment is None or visitor is None:
        return None
    return shop.experiment.arm_of(visitor)


def acting_pins(shop: Shop, panel: Panel) -> frozenset[str]:
    """The ids of the rules that pinned a product in a panel."""
    acted = {result.rule for result in panel.results if result.rule}
    if not acted:
        return frozenset()
    rules = shop.rules.all()
    return frozenset(
        rule.rule_id for rule in rules if rule.action is Action.PIN and rule.rule_id in acted
    )


def data_version(shop: Shop, visitor: str | None) -> Version:
    """Everything that an answer depends on, apart from its request."""
    arm = arm_of(shop, visitor)
    split = () if arm is None or shop.experiment is None else (shop.experiment.name, arm.name)
    if arm is not None and arm.home is not None:
        with suppress(EngineError):  # then the shop's own index answers
            split = (*split, shop.recommender_of(arm.home).generation)
    generation, catalogue = shop.recommender.generation, shop.catalogue
    with catalogue.db.one_moment():
        return (generation, catalogue.watermark(), shop.rules.version(), *split)
