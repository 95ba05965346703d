"""`lookalike same`: are two products, or photos, the same thing?"""

import json
from dataclasses import asdict

import click

from catalog.console import json_option, plain_errors
from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.calibration.same_product import DEFAULT_FAR
from engine.commands.applications.inputs import product_or_photo
from engine.errors import EngineError
from engine.recommendation.comparison.same_product import SameAnswer
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings

far_option = click.option(
    "--far",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=DEFAULT_FAR,
    show_default=True,
    help="False-accept rate: the share of pairs of different products that may be taken for one.",
)


@click.command("same")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@far_option
@json_option
@plain_errors(EngineError, OSError)
def same_command(first: str, second: str, far: float, as_json: bool) -> None:
    """Whether A and B, each the id of a product or a photo's file, are the same thing.

    They are if their cosine reaches the threshold that `lookalike calibrate` learned for the
    false-accept rate. The probability holds where half of the pairs that are asked about are one
    product, and the others look most alike of all others.
    """
    photos = CatalogSettings()
    with Database.open() as database:
        catalogue = Catalogue(database)
        left, right = (product_or_photo(one, catalogue, photos) for one in (first, second))
        answer = Recommender.open(EngineSettings(), catalogue).same_product(left, right, far)
    if as_json:
        click.echo(json.dumps(asdict(answer) | {"facets": dict(answer.facets)}))
        return
    for line in lines(answer):
        click.echo(line)


def lines(answer: SameAnswer) -> list[str]:
    """The answer for people."""
    verdict = "The same product" if answer.same else "Not the same product"
    if answer.one_photo:
        verdict += ", by one photo"
    elif answer.other_colour:
        verdict += ", but perhaps one design in two colours"
    reached = "reaches" if answer.same else "is below"
    facets = ", ".join(f"{name} {cosine:.3f}" for name, cosine in answer.facets.items())
    return [
        f"{verdict}: probability {answer.probability:.1%}.",
        f"The cosine {answer.cosine:.4f} {reached} {answer.threshold:.4f}, the threshold of a "
        f"false-accept rate of {answer.far:g} ({facets}).",
    ]
