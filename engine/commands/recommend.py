"""The command that asks: `lookalike recommend`."""

import json
from collections.abc import Sequence

import click

from catalog.console import plain_errors
from catalog.database.database import Database
from catalog.events.best_sellers import BestSellers
from catalog.events.log import EventLog
from catalog.filters.filter import Filter
from catalog.products.catalogue import Catalogue
from engine.commands.options import parse_facet_weights
from engine.errors import EngineError
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import DEFAULT_K, Request
from engine.recommendation.results import Fallback, Panel
from engine.search.guards import LIFTS, Lifts
from engine.settings import EngineSettings

SAID = {
    Fallback.RELAXED_FILTER: "Nothing matches all of the filter; without {}:",
    Fallback.BEST_SELLERS: "Nothing may be shown; the best sellers of this kind:",
}


@click.command("recommend")
@click.argument("product_ids", nargs=-1, required=True, metavar="PRODUCT_ID...")
@click.option("-k", "k", type=int, default=DEFAULT_K, show_default=True, help="How many.")
@click.option("--facet", "facets", multiple=True, metavar="NAME=WEIGHT", help="Such as colour=2.")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Such as brand=Acme, price_to=50 or attributes.sleeve=long; repeat a field for more.",
)
@click.option("--less", multiple=True, metavar="PRODUCT_ID", help="Less like this one.")
@click.option("--diversity", type=float, default=0.0, help="From 0, similar, to 1, various.")
@click.option("--min-match", type=float, metavar="PERCENT", help="Nothing below this match.")
@click.option("--variants", is_flag=True, help="Show every variant, not one and a count.")
@click.option("--lift", "lifts", multiple=True, type=click.Choice(LIFTS), help="Lift a guard.")
@click.option("--any-gender", is_flag=True, help="The same as --lift any_gender.")
@click.option("--any-age-group", is_flag=True, help="The same as --lift any_age_group.")
@click.option("--no-rules", is_flag=True, help="As if the shop had no rules.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@plain_errors(EngineError)
def recommend_command(
    product_ids: tuple[str, ...],
    k: int,
    facets: tuple[str, ...],
    filters: tuple[str, ...],
    less: tuple[str, ...],
    diversity: float,
    min_match: float | None,
    variants: bool,
    lifts: tuple[str, ...],
    any_gender: bool,
    any_age_group: bool,
    no_rules: bool,
    as_json: bool,
) -> None:
    """Show products that look like one product, or like several."""
    named = {*lifts, *["any_gender"] * any_gender, *["any_age_group"] * any_age_group}
    request = Request(
        seeds=product_ids,
        k=k,
        facets=parse_facet_weights(facets),
        filter=_filter(filters),
        less=less,
        diversity=diversity,
        min_match=min_match,
        variants=variants,
        lifts=Lifts(**dict.fromkeys(named, True)),
        rules=not no_rules,
    )
    with Database.open() as database:
        catalogue = Catalogue(database)
        best_sellers = BestSellers(lambda: EventLog(database))
        panel = Recommender.open(EngineSettings(), catalogue, best_sellers).answer(request)
        if as_json:
            click.echo(json.dumps(as_plain(panel), ensure_ascii=False))
            return
        titles = catalogue.products([result.product_id for result in panel.results])
    if panel.fallback in SAID:
        click.echo(SAID[panel.fallback].format(" and ".join(panel.relaxed)), err=True)
    for result in panel.results:
        product = titles.get(result.product_id)
        notes = list(result.reasons)
        if result.match is not None:
            notes.append(f"{result.match:.0f}% match")
        if result.variants:
            notes.append(f"{result.variants} more")
        if result.rule:
            notes.append(f"rule {result.rule}")
        why = f"  ({', '.join(notes)})" if notes else ""
        title = product.title if product else ""
        click.echo(f"{result.rank:>3}  {result.score:.3f}  {result.product_id}  {title}{why}")
    if len(panel.results) < k:
        click.echo(f"{len(panel.results)} of {k}: no others may be shown.", err=True)


def as_plain(panel: Panel) -> dict[str, object]:
    """A panel as JSON will have it."""
    return {
        "query_id": panel.query_id,
        "seeds": list(panel.seeds),
        "generation": panel.generation,
        "fallback": panel.fallback.value,
        "relaxed": list(panel.relaxed),
        "tastes": [{"medoid": taste.medoid, "seeds": list(taste.seeds)} for taste in panel.tastes],
        "rules": list(panel.rules),
        "results": [
            {
                "product_id": result.product_id,
                "score": result.score,
                "match": result.match,
                "rank": result.rank,
                "seed": result.seed,
                "reasons": list(result.reasons),
                "facets": dict(result.facets),
                "variants": result.variants,
                "rule": result.rule,
            }
            for result in panel.results
        ],
    }


def _filter(pairs: Sequence[str]) -> Filter:
    """``FIELD=VALUE`` pairs; a field that is named again may have any of its values."""
    values: dict[str, list[str]] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise click.BadParameter(
                f"{pair!r} is not FIELD=VALUE, such as brand=Acme.", param_hint="--filter"
            )
        values.setdefault(name.strip(), []).append(value.strip())
    return Filter.of(values)
