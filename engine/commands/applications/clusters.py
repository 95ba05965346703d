"""``lookalike clusters``: the styles of the catalogue."""

import json
from pathlib import Path

import click

from catalog.console import json_option, plain_errors
from catalog.database.database import Database
from catalog.files import replacing
from catalog.products.catalogue import Catalogue
from catalog.spreadsheet import SpreadsheetWriter
from catalog.text import counted
from engine.applications.styles.home import copy_shared, styles_file
from engine.applications.styles.keeping import regroup
from engine.applications.styles.styles import Styles
from engine.errors import EngineError, RequestError
from engine.settings import EngineSettings

SHOWN = 20
COLUMNS = ("product_id", "style", "name", "place")


@click.command("clusters")
@click.option(
    "--groups",
    type=click.IntRange(min=1),
    help="About how many styles.  [default: as before; at first by the number of products]",
)
@click.option("--show", is_flag=True, help="Only show the styles that were found before.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the style of each product to this file.",
)
@json_option
@plain_errors(EngineError, OSError)
def clusters_command(groups: int | None, show: bool, csv_file: Path | None, as_json: bool) -> None:
    """Group products that look alike into styles, for the storefront and the report.

    After that, reindex and watch keep them up to date: new products join the nearest style, and the
    styles are found again once a tenth of the products came or went. A style keeps its number while
    most of it stays together.
    """
    if show and groups:
        raise click.UsageError("--show finds no styles, so it takes no --groups. Leave one out.")
    if csv_file is not None and not csv_file.parent.is_dir():
        raise click.UsageError(
            f"There is no folder {csv_file.parent}. Create it, or choose another."
        )
    settings = EngineSettings()
    with Database.open() as database:
        catalogue = Catalogue(database)
        styles = stored(settings, database) if show else found(settings, catalogue, groups)
        missing = set(catalogue.all_facts().ids.tolist()) - set(styles.ids.tolist())
    if csv_file is not None:
        write_csv(styles, csv_file)
    if as_json:
        click.echo(json.dumps(as_dict(styles, len(missing)), ensure_ascii=False))
        return
    print_styles(styles)
    if missing:
        click.echo(f"{counted(len(missing), 'product')} on sale without a style: not indexed yet.")
    if csv_file is not None:
        click.echo(f"{csv_file} has the style of each product.")


def stored(settings: EngineSettings, database: Database) -> Styles:
    """The styles that were found before.

    Raises:
        RequestError: there are none.
        BrokenStyles: they cannot be read.
    """
    copy_shared(settings, database)
    styles = Styles.load(styles_file(settings))
    if styles is None:
        raise RequestError("No styles were found yet. Run `lookalike clusters` without --show.")
    return styles


def found(settings: EngineSettings, catalogue: Catalogue, groups: int | None) -> Styles:
    """Find the styles of the live index and store them.

    Raises:
        RequestError, GenerationError, StorageError: they cannot be found or stored.
    """
    styles, before = regroup(settings, catalogue, groups, note_step)
    if before is not None:
        kept = sum(before.find(one.number) is not None for one in styles.listed)
        click.echo(f"{kept:,} of {len(before):,} earlier styles kept their numbers.", err=True)
    return styles


def note_step(text: str) -> None:
    """Print what is done next."""
    click.echo(text if text.endswith(".") else f"{text} ...", err=True)


def print_styles(styles: Styles) -> None:
    """Print how many styles there are, and the largest."""
    click.echo(
        f"{counted(len(styles), 'style')} of {counted(len(styles.ids), 'product')}, found in "
        f"{styles.generation} ({styles.made}). The largest:"
    )
    click.echo(f"{'style':>7}  {'products':>8}  name (most typical product)")
    for one in styles.listed[:SHOWN]:
        click.echo(f"{one.number:>7}  {one.size:>8,}  {one.name} ({one.medoid})")
    if len(styles) > SHOWN:
        click.echo(
            f"... and {len(styles) - SHOWN:,} more: --csv FILE writes all, --json lists all."
        )


def as_dict(styles: Styles, without: int) -> dict[str, object]:
    """The styles as JSON."""
    return {
        "made": styles.made,
        "generation": styles.generation,
        "products": len(styles.ids),
        "products_without_style": without,
        "styles": [
            {
                "style": one.number,
                "name": one.name,
                "words": list(one.words),
                "products": one.size,
                "medoid": one.medoid,
            }
            for one in styles.listed
        ],
    }


def write_csv(styles: Styles, path: Path) -> None:
    """Write a row for each product: its style, and its place in it, the most typical first."""
    with replacing(path) as draft, draft.open("w", newline="", encoding="utf-8") as stream:
        writer = SpreadsheetWriter(stream, COLUMNS, line_end="\n")
        for style in styles.listed:
            for place, product_id in enumerate(styles.members(style), start=1):
                writer.write((product_id, style.number, style.name, place))
