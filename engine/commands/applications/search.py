"""``lookalike search``: products for words, or like a product but for what words change."""

import json
from collections.abc import Mapping

import click

from catalog.console import json_option, plain_errors
from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.records import Product
from engine.applications.words.results import WordAnswer
from engine.applications.words.search import WordSearch
from engine.commands.recommend import panel_as_json, parse_filter, print_panel
from engine.errors import EngineError
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import DEFAULT_K, Request
from engine.settings import EngineSettings


@click.command("search")
@click.argument("text")
@click.option("-k", "k", type=int, default=DEFAULT_K, show_default=True, help="Number of results.")
@click.option("--like", metavar="PRODUCT_ID", help="Look like this product, but for the words.")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="FIELD=VALUE",
    help="As for `lookalike recommend`.",
)
@json_option
@plain_errors(EngineError)
def search_command(
    text: str, k: int, like: str | None, filters: tuple[str, ...], as_json: bool
) -> None:
    """Search in words by look and name: "red floral dress under 50".

    With --like, words change a product: "in green", "longer", "as a skirt".
    """
    where = parse_filter(filters)
    with Database.open() as database:
        catalogue = Catalogue(database)
        shop = WordSearch(Recommender.open(EngineSettings(), catalogue))
        if like is None:
            show_answer(catalogue, shop.search(text, k, where), as_json=as_json)
        else:
            show_changed(catalogue, shop, text, Request((like,), k, filter=where), as_json=as_json)


def show_answer(catalogue: Catalogue, answer: WordAnswer, *, as_json: bool) -> None:
    """Print the answer to a search."""
    if as_json:
        click.echo(json.dumps(answer_as_json(answer), ensure_ascii=False))
        return
    print_notes(answer.note.corrected, answer.note.ignored)
    if answer.relaxed:
        click.echo("Nothing meets the price or the sale; without them:", err=True)
    if not answer.by_look:
        click.echo("The encoder embeds no texts, so these go by words alone.", err=True)
    print_found(answer, catalogue.products([one.product_id for one in answer.results]))
    if not answer.results:
        click.echo("No product is called so or looks so.", err=True)


def show_changed(
    catalogue: Catalogue, shop: WordSearch, text: str, request: Request, *, as_json: bool
) -> None:
    """Print products like a seed, but for what words change."""
    answer = shop.changed(request, text)
    if as_json:
        notes = {"understood": answer.wishes.as_json(), "ignored": list(answer.ignored)}
        shown = panel_as_json(answer.panel) | notes | {"unknown": list(answer.unknown)}
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    print_notes(None, answer.ignored)
    for name in answer.unknown:
        click.echo(f"The product has no {name} to compare with.", err=True)
    found = [one.product_id for one in answer.panel.results]
    print_panel(answer.panel, catalogue.products(found))
    if not found:
        click.echo("Nothing like it may be shown.", err=True)


def print_notes(corrected: str | None, ignored: tuple[str, ...]) -> None:
    """Print what was changed of a text."""
    if corrected is not None:
        click.echo(f"Searched for {corrected!r}.", err=True)
    if ignored:
        click.echo(f"Nothing in the shop is called {', '.join(map(repr, ignored))}.", err=True)


def print_found(answer: WordAnswer, products: Mapping[str, Product]) -> None:
    """Print one line for each result."""
    for one in answer.results:
        product = products.get(one.product_id)
        title = product.title if product else ""
        notes = f"  ({', '.join(one.meets)})" if one.meets else ""
        alike = "    -" if one.similarity is None else f"{one.similarity:.3f}"
        click.echo(f"{one.rank:>3}  {alike}  {one.product_id}  {title}{notes}")


def answer_as_json(answer: WordAnswer) -> dict[str, object]:
    """An answer as a JSON object."""
    return {
        "generation": answer.generation,
        "understood": answer.wishes.as_json(),
        "corrected": answer.note.corrected,
        "ignored": list(answer.note.ignored),
        "relaxed": list(answer.relaxed),
        "by_look": answer.by_look,
        "results": [
            {
                "product_id": one.product_id,
                "rank": one.rank,
                "score": one.score,
                "similarity": one.similarity,
                "meets": list(one.meets),
                "in_words": one.in_words,
            }
            for one in answer.results
        ],
    }
