"""``lookalike map``: the catalogue as a picture to walk in."""

from pathlib import Path
from urllib.parse import urlsplit

import click

from catalog.console import plain_errors
from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.applications.map.write import write_map
from engine.errors import EngineError
from engine.index.merged import open_merged
from engine.index.stores.choose import open_store
from engine.settings import EngineSettings


@click.command("map")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--facet",
    "facets",
    multiple=True,
    help="Facet that it can be laid out by, besides the default weights; repeatable.  "
    "[default: each]",
)
@click.option(
    "--shop",
    help="Address of the storefront whose product pages are linked, such as https://shop.example.  "
    "[default: the product's own links]",
)
@click.option("--title", default="Map of the catalogue", show_default=True, help="Of the page.")
@plain_errors(EngineError, OSError)
def map_command(out: Path, facets: tuple[str, ...], shop: str | None, title: str) -> None:
    """Write a map of the catalogue to OUT, an .html file, with its photos in a folder beside it.

    Products that look alike lie side by side. It opens in any browser, from a disk or a server.
    """
    if out.suffix.lower() != ".html":
        raise click.UsageError(f"{out.name} should end in .html.")
    if not out.parent.is_dir():
        raise click.UsageError(f"There is no folder {out.parent}. Create it, or choose another.")
    if shop is not None and urlsplit(shop).scheme not in ("http", "https"):
        raise click.UsageError(
            f"--shop should be an address such as https://shop.example, not {shop}."
        )
    settings = EngineSettings()
    with Database.open() as database:
        catalogue = Catalogue(database)
        store = open_store(settings, catalogue)
        store.follow(settings.index_dir)
        size = write_map(
            out,
            open_merged(settings.index_dir, store=store),
            catalogue,
            CatalogSettings(),
            facets,
            None if shop is None else shop.rstrip("/"),
            title,
            lambda text: click.echo(f"{text} ...", err=True),
        )
    click.echo(
        f"{out} shows {size.products:,} products: {size.opening_bytes / 1e6:.1f} MB to open it, "
        f"and {size.atlas_bytes / 1e6:.1f} MB of photos in {size.atlases} files, loaded as needed."
    )
