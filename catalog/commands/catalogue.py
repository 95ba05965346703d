"""The commands ``sample``, ``ingest`` and ``products``."""

import sys
from pathlib import Path

import click

from catalog.commands.ingest_report import format_report, nothing_worked
from catalog.commands.options import source_options
from catalog.console import plain_errors, progress
from catalog.database.database import Database
from catalog.fetching.addresses import is_address
from catalog.ingest.open_and_ingest import open_and_ingest
from catalog.products.catalogue import Catalogue
from catalog.records import IngestProgress
from catalog.settings import CatalogSettings
from catalog.sources import Source, open_source
from catalog.text import counted


@click.command("ingest")
@click.argument("source")
@click.option("--sync", is_flag=True, help="Also retire products that the source no longer has.")
@source_options
@plain_errors()
def ingest_command(
    source: str,
    sync: bool,
    format_: str,
    columns: dict[str, str],
    encoding: str | None,
    name: str | None,
) -> None:
    """Read a product feed into the catalogue.

    SOURCE is a CSV, TSV, JSON Lines or Parquet file, a Google Merchant feed, a Shopify export, a
    folder with one of these, a known data set, or a folder of photos; also as gzip or zip, or as
    the http(s) address of a file; "-" is standard input. Reading it again writes only what
    changed.
    """
    settings = CatalogSettings()
    opened: str | Source = source
    if not is_address(source):  # before the database, which a mistyped path must not create
        opened = open_source(source, format_, columns, encoding=encoding, name=name)
    Database.migrate(settings)
    with Database.open(settings) as database, progress("Ingest", "rows") as show:

        def on_opened(opened: Source) -> None:
            click.echo(f"Reading {opened.describe()}")
            show(0, opened.size_hint())

        def on_progress(now: IngestProgress) -> None:
            total = None if now.rows_hint is None else max(now.rows_hint, now.rows)
            show(now.rows, total, f"{counted(now.photos, 'photo')}")

        report = open_and_ingest(
            database,
            opened,
            format=format_,
            columns=columns,
            encoding=encoding,
            name=name,
            sync=sync,
            settings=settings,
            on_opened=on_opened,
            on_progress=on_progress,
        )
    for line in format_report(report):
        click.echo(line)
    if nothing_worked(report):
        sys.exit(1)


@click.command("sample")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--products",
    type=click.IntRange(min=1),
    default=600,
    show_default=True,
    help="Number of products.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random choices.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes. Default: one per core.")
@plain_errors(OSError)
def sample_command(folder: Path, products: int, seed: int, workers: int | None) -> None:
    """Draw a sample catalogue into FOLDER: drawn garments with photos and a CSV file."""
    from catalog.sample import draw_catalogue  # only this command needs the renderer

    with progress("Draw", "photos") as show:
        drawn = draw_catalogue(
            folder, products=products, seed=seed, workers=workers, on_progress=show
        )
    click.echo(f"{folder} has {counted(drawn, 'product')}. Next: lookalike ingest {folder}")


@click.command("products")
@click.option("--text", help="Only products with these words, in any form; the best matches first.")
@click.option("--category", help='Only products in this category, such as "Tops > T-shirts".')
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Products to list.",
)
@plain_errors()
def products_command(text: str | None, category: str | None, number: int) -> None:
    """List the ids and titles of products."""
    with Database.open() as database:
        page = Catalogue(database).browse(text=text, category=category, per_page=number)
    for product in page.products:
        click.echo(f"{product.product_id}\t{product.title}")
    if page.total > len(page.products):
        total = f"{page.total:,}" if page.exact else f"{page.total:,} or more"
        click.echo(f"{len(page.products):,} of {total} products; -n lists more.", err=True)
    if not page.total:
        click.echo("No products match.", err=True)


COMMANDS: list[click.Command] = [sample_command, ingest_command, products_command]


if __name__ == "__main__":
    click.Group("catalog", commands=COMMANDS)()
