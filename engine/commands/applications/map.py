"""``lookalike map``: the catalogue as a picture to walk in."""

from pathlib import Path
from urllib.parse import urlsplit

import click

from catalog.console import note, plain_errors
from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.applications.map.build import MOST, MapSource, build_map
from engine.applications.map.export import export_map
from engine.applications.map.home import map_folder, publish_map
from engine.applications.map.stored import StoredMap
from engine.applications.styles.home import styles_file
from engine.applications.styles.styles import Styles
from engine.commands.applications.map_stages import watched
from engine.errors import BrokenStyles, EngineError
from engine.index.merged import open_merged
from engine.index.stores.choose import open_store
from engine.settings import EngineSettings


@click.command("map")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--facet",
    "facets",
    multiple=True,
    help="Facet that it can be laid out by, besides the default weights; repeatable.  "
    "[default: each]",
)
@click.option(
    "--most",
    type=click.IntRange(min=3),
    default=MOST,
    show_default=True,
    help="Products that it shows; of more, an even choice.",
)
@click.option(
    "--shop",
    help="Address of the storefront whose product pages OUT links, such as https://shop.example.  "
    "[default: the product's own links]",
)
@click.option("--title", help="Of OUT.  [default: Map of the catalogue]")
@plain_errors(EngineError, OSError)
def map_command(
    out: Path | None, facets: tuple[str, ...], most: int, shop: str | None, title: str | None
) -> None:
    """Make the map of the catalogue that the storefront shows at /map.

    Products that look alike lie side by side. Run it again after a reindex.

    With OUT, an .html file, the map is written to that page, with its photos in a folder beside it,
    and the storefront's map stays as it is. The page opens in any browser, from a disk or a server.
    """
    check_options(out, shop, title)
    settings = EngineSettings()
    with Database.open() as database:
        catalogue = Catalogue(database)
        store = open_store(settings, catalogue)
        store.follow(settings.index_dir)
        source = MapSource(
            open_merged(settings.index_dir, store=store),
            catalogue,
            CatalogSettings(),
            styles_of(settings),
            facets,
            most,
        )
        if out is None:
            made = publish_map(
                map_folder(settings), lambda folder: build_map(folder, source, watched)
            )
            click.echo(summary(made))
            return
        address = None if shop is None else shop.rstrip("/")
        size = export_map(out, source, address, title or "Map of the catalogue", watched)
    click.echo(
        f"{out} shows {size.products:,} products: {size.opening_bytes / 1e6:.1f} MB to open it, "
        f"and {size.sprite_bytes / 1e6:.1f} MB of photos in {size.sprite_files} files, loaded as "
        "needed."
    )


def summary(made: StoredMap) -> str:
    """What was made, in a sentence."""
    shown, total = f"{len(made):,}", made.head["total"]
    if total > len(made):
        shown += f" of {total:,}"
    size = sum(path.stat().st_size for path in made.folder.iterdir()) / 1e6
    return (
        f"The storefront shows {shown} products at /map. The files of the map, {size:.1f} MB, are "
        f"in {made.folder}."
    )


def check_options(out: Path | None, shop: str | None, title: str | None) -> None:
    """Check what can be checked before anything is read.

    Raises:
        click.UsageError: an option is wrong, or does not go with the others.
    """
    if out is None:
        if shop is not None or title is not None:
            raise click.UsageError("--shop and --title are those of a page: name it, as OUT.html.")
        return
    if out.suffix.lower() != ".html":
        raise click.UsageError(f"{out.name} should end in .html.")
    if not out.parent.is_dir():
        raise click.UsageError(f"There is no folder {out.parent}. Create it, or choose another.")
    if shop is not None and urlsplit(shop).scheme not in ("http", "https"):
        raise click.UsageError(
            f"--shop should be an address such as https://shop.example, not {shop}."
        )


def styles_of(settings: EngineSettings) -> Styles | None:
    """The styles of the home, if there are any that can be read."""
    try:
        return Styles.load(styles_file(settings))
    except BrokenStyles as error:
        note(f"The map is not coloured by style. {error}")
        return None
