"""Words that are proposed for products which lack them: to be accepted, dismissed, and undone."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from catalog.desk.proposals import Key, Proposal, Proposals
from catalog.desk.word_decisions import MOST, WordDecision, WordDecisions
from catalog.records import Product
from catalog.text import counted
from web.app.context import shop
from web.app.errors import ParameterError
from web.app.params import int_param, text_param
from web.desk.room import blueprint

PER_PAGE = 24
MAX_PAGE = 10_000
MOST_DECIDED = 50  # that are shown
LONGEST = 2_000  # characters of a proposal in a form
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")  # no database takes half a character, or NUL
CHOICES = ("accept", "dismiss", "undo")


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal with its product, and the neighbours that are in the catalogue, with words."""

    proposal: Proposal
    product: Product
    neighbours: tuple[tuple[Product, str], ...]

    @property
    def item(self) -> str:
        """The proposal in a form."""
        return item_of(self.proposal)


@blueprint.get("/proposals")
def proposals() -> str:
    """One page of the proposals, the surest first, and the latest decisions."""
    page = int_param(request.args, "page", default=1, low=1, high=MAX_PAGE)
    attribute = text_param(request.args, "attribute")
    db = shop().catalogue.db
    found, total = Proposals(db).page(page, PER_PAGE, attribute)
    decided, decisions = WordDecisions(db).latest(MOST_DECIDED)
    last = [one for one in decided if one.decided_at == decided[0].decided_at]
    return render_template(
        "desk/proposals.html",
        found=shown(found),
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        attribute=attribute,
        attributes=Proposals(db).attributes(),
        decided=with_titles(decided),
        decisions=decisions,
        last=[item_of(one.proposal) for one in last],
        section="proposals",
    )


@blueprint.post("/proposals")
def decide_words() -> BaseResponse:
    """Accept or dismiss one proposal or those of a page, or undo decisions."""
    page = int_param(request.form, "page", default=1, low=1, high=MAX_PAGE)
    attribute = text_param(request.form, "attribute")
    choice, keys = chosen()
    decisions = WordDecisions(shop().catalogue.db)
    if choice == "undo":
        flash(f"{counted(len(decisions.undo(keys)), 'decision')} undone: proposed again.")
    else:
        done, late = decisions.decide(keys, accept=choice == "accept")
        flash(message_of(choice, done, late, len(keys)))
    address = url_for("desk.proposals", page=page, attribute=attribute)
    return redirect(address, code=303)


def chosen() -> tuple[str, list[Key]]:
    """What a form asks for, and of which proposals: one, or all that its page has.

    Raises:
        ParameterError: it is none of ours.
    """
    for choice in CHOICES:
        if choice in request.form:
            return choice, [key_of(request.form[choice])]
    choice = request.form.get("all", "")
    items = request.form.getlist("item")
    if choice not in CHOICES or not 0 < len(items) <= MOST:
        raise ParameterError("Choose whether to accept or dismiss, and which words.")
    return choice, [key_of(item) for item in items]


def key_of(item: str) -> Key:
    """The proposal that a form names.

    Raises:
        ParameterError: it names none.
    """
    try:
        parts = json.loads(item) if len(item) <= LONGEST else None
    except (ValueError, RecursionError):
        parts = None
    match parts:
        case [str(product_id), str(attribute), str(word)]:
            if not UNSTORABLE.search(product_id + attribute + word):
                return product_id, attribute, word
    raise ParameterError("This is no proposal. Reload the page and choose again.")


def item_of(proposal: Proposal) -> str:
    """A proposal in a form."""
    return json.dumps(proposal.key, ensure_ascii=False)


def message_of(choice: str, done: Sequence[Proposal], late: Sequence[Proposal], count: int) -> str:
    """What was done, in words."""
    accepted = choice == "accept"
    if len(done) == 1:
        [one] = done
        text = f"{one.attribute.replace('_', ' ')}: {one.word}, {one.product_id}"
        text = f"{'Accepted' if accepted else 'Dismissed'} ({text})."
    else:
        text = f"{counted(len(done), 'word')} {'accepted' if accepted else 'dismissed'}."
    if late:
        text += f" {counted(len(late), 'product')} had a word of the shop by now, which stays."
    if gone := count - len(done) - len(late):
        text += f" {counted(gone, 'proposal')} had been replaced or decided before."
    return text


def shown(found: Sequence[Proposal]) -> list[Shown]:
    """The proposals whose product is still in the catalogue."""
    ids = [one for each in found for one in (each.product_id, *(id_ for id_, _ in each.neighbours))]
    products = shop().catalogue.products(ids)
    return [
        Shown(
            one,
            products[one.product_id],
            tuple((products[id_], word) for id_, word in one.neighbours if id_ in products),
        )
        for one in found
        if one.product_id in products
    ]


def with_titles(decided: Sequence[WordDecision]) -> list[tuple[WordDecision, str, str]]:
    """Decisions, each with its product's title, or id if it is gone, and its name in a form."""
    products = shop().catalogue.products([one.proposal.product_id for one in decided])
    return [
        (
            one,
            products[one.proposal.product_id].title
            if one.proposal.product_id in products
            else one.proposal.product_id,
            item_of(one.proposal),
        )
        for one in decided
    ]
