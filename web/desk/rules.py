"""Merchandising rules on the desk: listed, previewed on a product, put in force, removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from catalog.errors import FilterError, RuleError, UnknownProduct, UnknownRule
from catalog.records import Product
from catalog.rules.draft import DraftRules
from catalog.rules.rule import PAGES, Action, Rule
from catalog.utc import utc_now
from engine.errors import EngineError
from engine.recommendation.request import Request
from web.answering.costs import costly_slot
from web.app.context import shop
from web.app.errors import ParameterError
from web.app.params import text_param
from web.desk.room import blueprint
from web.pages.panel_view import PanelView, view_of

FIELDS = ("rule_id", "action", "product_id", "position", "amount", "field", "category", "seed")
WHERE = ("brand", "category", "colour", "gender", "price_from", "price_to", "on_sale")
MOMENTS = ("starts", "ends", "page")
IN_WHERE = "where."  # prefix of the fields of a rule's filter
TAKEN = "There is a rule {!r} already. Use another name, or tick “Replace a rule of this name”."


@dataclass(frozen=True, slots=True)
class Preview:
    """A product's panel without and with a draft; ``changed`` are the ids that are new there.

    ``warnings`` say what the draft names that is unknown.
    """

    product: Product
    before: PanelView
    after: PanelView
    warnings: tuple[str, ...]

    @property
    def changed(self) -> frozenset[str]:
        """The products that only the draft shows, or that it shows at another place."""
        places = {one.product.product_id: one.position for one in self.before.items}
        items = self.after.items
        return frozenset(
            one.product.product_id
            for one in items
            if places.get(one.product.product_id) != one.position
        )


@blueprint.get("/rules")
def rules() -> str:
    """All rules, the form of a new one, and its preview if there is one."""
    values = form_values(request.args)
    preview, problem = None, None
    if "action" in request.args:
        try:
            preview = previewed(rule_of(values), text_param(request.args, "on"))
        except (RuleError, FilterError, ParameterError, UnknownProduct, EngineError) as error:
            problem = str(error)
    return render_template(
        "desk/rules.html",
        rules=shop().rules.all(),
        idle=shop().rules.idle(),
        now=utc_now(),
        actions=[str(action) for action in Action],
        values=values,
        drafted="action" in request.args,
        preview=preview,
        problem=problem,
        pages=PAGES,
        section="rules",
    )


@blueprint.post("/rules")
def change_rules() -> BaseResponse:
    """Put a rule in force, or remove one."""
    removed, values = request.form.get("remove"), form_values(request.form)
    try:
        if removed is not None:
            shop().rules.remove([removed])
            flash(f"The rule {removed} is removed.")
        else:
            rule = rule_of(values)
            warnings = shop().rules.add(rule, replace="replace" in request.form)
            flash(f"The rule {rule.rule_id} is in force.")
            for warning in warnings:
                flash(warning)
    except (RuleError, FilterError, UnknownRule) as error:
        taken = isinstance(error, RuleError) and error.code == "exists"
        flash(TAKEN.format(values.get("rule_id")) if taken else str(error))
        # With its fields, to be corrected.
        return redirect(f"{url_for('desk.rules')}?{urlencode(values)}", code=303)
    return redirect(url_for("desk.rules"), code=303)


def form_values(form: Mapping[str, str]) -> dict[str, str]:
    """The fields of a rule in a form or a URL, without empty ones."""
    names = (*FIELDS, *MOMENTS, *(IN_WHERE + name for name in WHERE))
    given = {name: str(form.get(name, "")).strip()[:500] for name in names}
    return {name: value for name, value in given.items() if value}


def rule_of(values: Mapping[str, str]) -> Rule:
    """The rule of a form.

    Raises:
        RuleError, FilterError: a field is missing or invalid.
    """
    where = {
        name.removeprefix(IN_WHERE): value
        for name, value in values.items()
        if name.startswith(IN_WHERE)
    }
    fields = {name: value for name, value in values.items() if not name.startswith(IN_WHERE)}
    return Rule.of({**fields, "where": where or None})


def previewed(rule: Rule, product_id: str | None) -> Preview:
    """What a rule would change on a product: a given one, its seed, or the first it may hold for.

    Raises:
        UnknownProduct: there is no such product.
        ParameterError: no product is named, and none suits.
        engine.errors.EngineError: there is no panel.
    """
    chosen = product_id or rule.seed or any_product(rule)
    product = shop().catalogue.product(chosen)
    wanted = Request((product.product_id,), page=rule.page)
    recommender = shop().recommender
    with costly_slot(shop(), wanted):
        before = recommender.answer(wanted)
        after = recommender.following(DraftRules(shop().rules, rule)).answer(wanted)
    warnings = shop().rules.warnings([rule])
    return Preview(product, view_of(shop(), before), view_of(shop(), after), warnings)


def any_product(rule: Rule) -> str:
    """A product for which a rule may do something."""
    page = shop().catalogue.browse(category=rule.category, per_page=1)
    if not page.products:
        raise ParameterError("Name a product to preview the rule on.")
    return page.products[0].product_id
