"""The catalogue's commands; `COMMANDS` joins them to ``lookalike``."""

from collections.abc import Iterable
from pathlib import Path

import click

from catalog.console import plain_errors, progress_bar
from catalog.database.database import Database
from catalog.fetching.addresses import is_address
from catalog.ingest.open_and_ingest import open_and_ingest
from catalog.products.catalogue import Catalogue
from catalog.records import IngestProgress, IngestReport
from catalog.settings import CatalogSettings
from catalog.sources import FORMATS, Source, open_source


@click.command("ingest")
@click.argument("source")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="auto",
    help="What the source is; auto looks at it.",
)
@click.option("--sync", is_flag=True, help="Also retire what the source no longer has.")
@click.option(
    "--columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Which column is which field, such as id=sku,title=name. Names that are usual in feeds "
    "are found without it.",
)
@click.option("--encoding", help="Of a text file that is not UTF-8, such as cp1252.")
@click.option("--name", help="What to call the source; default: its file or folder name.")
@plain_errors()
def ingest_command(
    source: str,
    format_: str,
    sync: bool,
    columns: tuple[str, ...],
    encoding: str | None,
    name: str | None,
) -> None:
    """Read a catalogue into the database.

    SOURCE is a CSV, TSV, JSON Lines or Parquet file, a feed for Google Merchant, an export of
    Shopify's, a folder with one, a known data set, or a folder of photos; also in gzip or zip, or
    the http(s) address of a file; and "-" is standard input. Reading it again changes only what
    changed in it.
    """
    settings = CatalogSettings()
    pairs = column_pairs(columns)
    found: str | Source = source
    if not is_address(source):  # a path that is mistyped makes no database
        found = open_source(source, format_, pairs, encoding=encoding, name=name)
    Database.migrate(settings)
    with Database.open(settings) as database, progress_bar("rows") as bar:
        task = bar.add_task("Ingest", total=None)

        def tell(opened: Source) -> None:
            click.echo(f"Reading {opened.describe()}")
            bar.update(task, total=opened.size_hint())

        def show(now: IngestProgress) -> None:
            total = None if now.rows_hint is None else max(now.rows_hint, now.rows)
            what = f"Ingest ({now.photos:,} photos)"
            bar.update(task, completed=now.rows, total=total, description=what)

        report = open_and_ingest(
            database,
            found,
            format=format_,
            columns=pairs,
            encoding=encoding,
            name=name,
            sync=sync,
            settings=settings,
            on_opened=tell,
            on_progress=show,
        )
    for line in _told(report):
        click.echo(line)


@click.command("sample")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--products", type=click.IntRange(min=1), default=600, show_default=True, help="How many."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, other ones.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; default: one a core.")
@plain_errors(OSError)
def sample_command(folder: Path, products: int, seed: int, workers: int | None) -> None:
    """Draw a sample catalogue into FOLDER: garments of our own, with photos and a CSV file."""
    from catalog.sample import draw_catalogue  # only this command needs the renderer

    with progress_bar("photos") as bar:
        task = bar.add_task("Draw", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        drawn = draw_catalogue(
            folder, products=products, seed=seed, workers=workers, on_progress=show
        )
    click.echo(f"{folder} has {drawn:,} products. Next: lookalike ingest {folder}")


@click.command("products")
@click.option("--text", help="Only those with all these words in brand or title.")
@click.option("--category", help='Only those in this category, such as "Tops > T-shirts".')
@click.option("-n", "--number", type=click.IntRange(min=1), default=20, show_default=True)
@plain_errors()
def products_command(text: str | None, category: str | None, number: int) -> None:
    """List ids and titles of products."""
    with Database.open() as database:
        page = Catalogue(database).browse(text=text, category=category, per_page=number)
    for product in page.products:
        click.echo(f"{product.product_id}\t{product.title}")
    if page.total > len(page.products):
        click.echo(f"{len(page.products):,} of {page.total:,}; more with -n", err=True)
    if not page.total:
        click.echo("No products match.", err=True)


COMMANDS: list[click.Command] = [sample_command, ingest_command, products_command]


def column_pairs(columns: Iterable[str]) -> dict[str, str]:
    """``--columns`` as a mapping of fields to columns."""
    pairs = {}
    for pair in (part for option in columns for part in option.split(",") if part.strip()):
        field, sign, column = pair.partition("=")
        if not sign or not field.strip() or not column.strip():
            raise click.BadParameter(
                f"{pair!r} is not FIELD=COLUMN, such as id=sku.", param_hint="--columns"
            )
        pairs[field.strip()] = column.strip()
    return pairs


def _told(report: IngestReport) -> Iterable[str]:
    if report.not_modified:
        yield f"{report.source}: not modified since it was last read; nothing was done."
        return
    yield (
        f"{report.source}: {report.inserted:,} inserted, {report.updated:,} updated, "
        f"{report.unchanged:,} unchanged, {report.retired:,} retired, "
        f"{report.rejected:,} rejected in {report.seconds:.1f} s"
    )
    waiting = f", {report.photos_waiting:,} wait to be fetched" if report.photos_waiting else ""
    yield f"Photos: {report.photos_ready:,} ready, {report.photos_rejected:,} rejected{waiting}"
    if report.moved:
        yield f"{report.moved:,} of the updated products belonged to another source before."
    if report.rejects_file:
        yield f"What was left out, and why: {report.rejects_file}"
    if report.sync_note:
        yield f"Note: {report.sync_note}."
    if report.photos_waiting:
        yield "Next: lookalike fetch, then lookalike reindex"
    elif report.inserted or report.updated or report.retired:
        yield "Next: lookalike reindex"
    else:
        yield "Nothing changed."


if __name__ == "__main__":
    click.Group("catalog", commands=COMMANDS)()
