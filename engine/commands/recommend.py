"""``lookalike recommend``: similar products, as lines for people or as JSON."""

import json
from collections.abc import Mapping, Sequence

import click

from catalog.console import json_option, plain_errors, split_pair
from catalog.database.database import Database
from catalog.events.best_sellers import BestSellers
from catalog.events.log import EventLog
from catalog.filters.filter import Filter
from catalog.products.catalogue import Catalogue
from catalog.records import Product
from engine.commands.options import parse_facet_weights
from engine.errors import EngineError
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import DEFAULT_K, Request
from engine.recommendation.results import Colourway, Fallback, Panel, Recommendation
from engine.search.guards import LIFTS, Lifts
from engine.settings import Colourways, EngineSettings

FALLBACK_NOTES = {
    Fallback.RELAXED_FILTER: "Nothing matches the whole filter; without {}:",
    Fallback.BEST_SELLERS: "Nothing similar may be shown; the best sellers of the category:",
}


@click.command("recommend")
@click.argument("product_ids", nargs=-1, required=True, metavar="PRODUCT_ID...")
@click.option("-k", "k", type=int, default=DEFAULT_K, show_default=True, help="Number of results.")
@click.option(
    "--facet",
    "facets",
    multiple=True,
    metavar="NAME=WEIGHT",
    help="Weight of a facet, such as colour=2.",
)
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Such as brand=Acme, price_to=50 or attributes.sleeve=long. Of a field that is "
    "repeated, any value matches.",
)
@click.option(
    "--less", multiple=True, metavar="PRODUCT_ID", help="Avoid what resembles this product."
)
@click.option(
    "--diversity", type=float, default=0.0, help="From 0, pure similarity, to 1, pure novelty."
)
@click.option("--min-match", type=float, metavar="PERCENT", help="Lowest match of a result.")
@click.option("--variants", is_flag=True, help="Show every variant instead of one with a count.")
@click.option(
    "--colourways",
    type=click.Choice([one.value for one in Colourways]),
    help="Other colours of one design: one place for all, each its own, or not looked for. "
    "Default: the shop's setting.",
)
@click.option(
    "--page", metavar="NAME", help="The page that the panel is for, which rules may switch off."
)
@click.option("--lift", "lifts", multiple=True, type=click.Choice(LIFTS), help="Lift a guard.")
@click.option("--any-gender", is_flag=True, help="Same as --lift any_gender.")
@click.option("--any-age-group", is_flag=True, help="Same as --lift any_age_group.")
@click.option("--no-rules", is_flag=True, help="Ignore merchandising rules.")
@json_option
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
    colourways: str | None,
    page: str | None,
    lifts: tuple[str, ...],
    any_gender: bool,
    any_age_group: bool,
    no_rules: bool,
    as_json: bool,
) -> None:
    """Show products that are similar to one product or to several."""
    named = {*lifts, *["any_gender"] * any_gender, *["any_age_group"] * any_age_group}
    request = Request(
        seeds=product_ids,
        k=k,
        facets=parse_facet_weights(facets),
        filter=parse_filter(filters),
        less=less,
        diversity=diversity,
        min_match=min_match,
        variants=variants,
        colourways=None if colourways is None else Colourways(colourways),
        page=page,
        lifts=Lifts(**dict.fromkeys(named, True)),
        rules=not no_rules,
    )
    with Database.open() as database:
        catalogue = Catalogue(database)
        best_sellers = BestSellers(lambda: EventLog(database))
        panel = Recommender.open(EngineSettings(), catalogue, best_sellers).answer(request)
        if as_json:
            click.echo(json.dumps(panel_as_json(panel), ensure_ascii=False))
            return
        products = catalogue.products([result.product_id for result in panel.results])
    print_panel(panel, products)
    if (missing := shortfall(panel, k)) is not None:
        click.echo(missing, err=True)


def shortfall(panel: Panel, k: int) -> str | None:
    """What to say about a panel of fewer than ``k`` results; None: nothing."""
    if panel.switched_off or len(panel.results) >= k:
        return None
    if not panel.results:
        return "No product may be shown."
    return f"{len(panel.results)} of {k}: no others may be shown."


def print_panel(panel: Panel, products: Mapping[str, Product]) -> None:
    """Print one line per result; ``products`` maps product ids to products."""
    if panel.switched_off:
        click.echo(f"Switched off by the rule {panel.rules[0]}.", err=True)
    elif panel.fallback in FALLBACK_NOTES:
        note = FALLBACK_NOTES[panel.fallback].format(" and ".join(panel.relaxed))
        click.echo(note, err=True)
    if panel.also_in:
        listed = ", ".join(f"{one.colour} ({one.product_id})" for one in panel.also_in)
        click.echo(f"Also in {listed}")
    for result in panel.results:
        product = products.get(result.product_id)
        title = product.title if product else ""
        notes = f"  ({', '.join(_notes(result))})" if _notes(result) else ""
        click.echo(f"{result.rank:>3}  {result.score:.3f}  {result.product_id}  {title}{notes}")


def _notes(result: Recommendation) -> list[str]:
    notes = list(result.reasons)
    if result.match is not None:
        notes.append(f"{result.match:.0f}% match")
    if result.also_in:
        notes.append(f"also in {', '.join(one.colour for one in result.also_in)}")
    if result.variants:
        notes.append(f"{result.variants} more")
    if result.rule:
        notes.append(f"rule {result.rule}")
    return notes


def panel_as_json(panel: Panel) -> dict[str, object]:
    """A panel as a JSON object."""
    return {
        "query_id": panel.query_id,
        "seeds": list(panel.seeds),
        "generation": panel.generation,
        "fallback": panel.fallback.value,
        "relaxed": list(panel.relaxed),
        "tastes": [{"medoid": taste.medoid, "seeds": list(taste.seeds)} for taste in panel.tastes],
        "rules": list(panel.rules),
        "switched_off": panel.switched_off,
        "also_in": [colourway_as_json(one) for one in panel.also_in],
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
                "also_in": [colourway_as_json(one) for one in result.also_in],
            }
            for result in panel.results
        ],
    }


def colourway_as_json(colourway: Colourway) -> dict[str, object]:
    """A colourway as a JSON object."""
    return {
        "product_id": colourway.product_id,
        "colour": colourway.colour,
        "grouped": colourway.grouped,
    }


def parse_filter(pairs: Sequence[str]) -> Filter:
    """The filter of ``FIELD=VALUE`` pairs; of a field that is repeated, any value matches.

    Raises:
        click.BadParameter: a pair is not FIELD=VALUE.
        catalog.errors.FilterError: a field or value is not valid.
    """
    values: dict[str, list[str]] = {}
    for pair in pairs:
        name, value = split_pair(pair, "FIELD=VALUE", "brand=Acme", "--filter", empty_value=True)
        values.setdefault(name, []).append(value)
    return Filter.of(values)
