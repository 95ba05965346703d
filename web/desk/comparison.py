"""Two settings, models or homes side by side on the same seeds, with a blind vote that is kept."""

import random
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import current_app, flash, redirect, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as BaseResponse

from catalog.desk.votes import Votes
from catalog.errors import UnknownProduct
from catalog.records import Product
from engine.errors import EngineError, RequestError
from engine.recommendation.recommender import Recommender
from web.answering.costs import costly_slot
from web.app.context import shop
from web.app.errors import ParameterError
from web.app.params import text_param
from web.desk.room import blueprint
from web.desk.sides import Side
from web.pages.panel_view import PanelView, view_of

TRIES = 30  # products that are tried as a seed at random
SALT = "vote"


@dataclass(frozen=True, slots=True)
class Ballot:
    """One seed with the panels of both sides, in an order that says nothing; ``token`` knows it."""

    seed: Product
    left: PanelView
    right: PanelView
    token: str


@blueprint.get("/compare")
def compare() -> str:
    """The form of the two sides, the next ballot, and the votes so far."""
    a, b, ballot, problem = Side(), Side(), None, None
    try:
        a, b = Side.of(request.args, "a_"), Side.of(request.args, "b_")
        if request.args:
            ballot = next_ballot(a, b, text_param(request.args, "seed"))
    except (ParameterError, UnknownProduct, EngineError) as error:
        problem = str(error)
    return render_template(
        "desk/compare.html",
        a=a,
        b=b,
        homes=list(shop().settings.compared_homes),
        facets=facet_names(),
        ballot=ballot,
        problem=problem,
        tallies=Votes(shop().catalogue.db).tallies(),
        section="compare",
    )


@blueprint.post("/compare")
def vote() -> BaseResponse:
    """Keep a vote, and go on to the next seed."""
    try:
        a, b, seed, swapped, ballot = signer().loads(request.form.get("ballot", ""))
    except (BadSignature, ValueError):
        raise ParameterError("This ballot is not valid any more. Begin again.") from None
    sides = Side.of(a, ""), Side.of(b, "")
    choice = {"left": "b" if swapped else "a", "right": "a" if swapped else "b", "tie": "tie"}.get(
        request.form.get("choice", "")
    )
    if choice is None:
        raise ParameterError("Choose the left or the right side, or neither.")
    votes = Votes(shop().catalogue.db)
    new = votes.add(sides[0].text(), sides[1].text(), seed, choice, ballot)
    flash("Your vote is kept." if new else "A vote of this ballot is kept already.")
    query = {**sides[0].query("a_"), **sides[1].query("b_"), "go": "1"}
    return redirect(f"{url_for('desk.compare')}?{urlencode(query)}", code=303)


def next_ballot(a: Side, b: Side, seed: str | None) -> Ballot:
    """The answers of both sides to a seed: the given one, or one at random that both can answer.

    Raises:
        ParameterError: both sides are the same, or a home is unknown.
        UnknownProduct: there is no such product.
        engine.errors.EngineError: they cannot answer.
    """
    product = shop().catalogue.product(seed) if seed else None
    if a == b:
        raise ParameterError("Both sides are the same. Change the weights or the index of one.")
    recommenders = (recommender_of(a), recommender_of(b))
    swapped = secrets.randbelow(2) == 1
    product = product or random_seed(recommenders)
    views = []
    for side, recommender in zip((a, b), recommenders, strict=True):
        wanted = side.request(product.product_id)
        with costly_slot(shop(), wanted):
            views.append(view_of(shop(), recommender.answer(wanted)))
    ballot = secrets.token_hex(16)
    token = signer().dumps([a.query(""), b.query(""), product.product_id, swapped, ballot])
    left, right = reversed(views) if swapped else views
    return Ballot(product, left, right, token)


def random_seed(recommenders: tuple[Recommender, Recommender]) -> Product:
    """A product that both indexes have.

    Raises:
        RequestError: none was found.
    """
    total = shop().catalogue.browse(per_page=1).total
    rows = [recommender.live().row_of for recommender in recommenders]
    for _ in range(TRIES if total else 0):
        page = shop().catalogue.browse(page=random.randint(1, min(total, 10_000)), per_page=1)
        for product in page.products:
            if all(product.product_id in one for one in rows):
                return product
    raise RequestError("No product was found that both indexes have. Name one.")


def recommender_of(side: Side) -> Recommender:
    """The recommender of a side.

    Raises:
        ParameterError: its home is none of those that may be compared.
    """
    if not side.home:
        return shop().recommender
    home = shop().settings.compared_homes.get(side.home)
    if home is None:
        raise ParameterError(f"{side.home!r} is not listed in LOOKALIKE_OTHER_HOMES.")
    return shop().recommender_of(home)


def facet_names() -> list[str]:
    """The facets of the shop's index; none without an index."""
    try:
        return list(shop().recommender.live().layout.weights)
    except EngineError:
        return []


def signer() -> URLSafeSerializer:
    """Signs ballots: an id and which side stands left are in them, and nobody can invent one."""
    return URLSafeSerializer(str(current_app.secret_key), salt=SALT)
