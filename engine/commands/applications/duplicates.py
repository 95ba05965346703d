"""`lookalike duplicates`: what is listed twice, and photos on the wrong product."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import TypeVar

import click

from catalog.console import json_option, plain_errors, progress
from catalog.database.database import Database
from catalog.desk.decisions import Decisions
from catalog.desk.found_pairs import FoundPair, FoundPairs
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.applications.verification.duplicates import Duplicate, DuplicateSearch, LooksAlone
from engine.applications.verification.prints import Prints, photo_opener
from engine.applications.verification.wrong_photos import WrongPhoto, find_wrong_photos
from engine.calibration.same_product import SameProduct
from engine.embedding.caches.choose import open_cache
from engine.errors import CalibrationError, EngineError, RequestError
from engine.search.live_index import LiveGeneration, LiveIndex
from engine.settings import EngineSettings

T = TypeVar("T", Duplicate, WrongPhoto)


@click.command("duplicates")
@click.option("--photos", is_flag=True, help="List photos on the wrong product instead.")
@click.option(
    "--looks",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="RATE",
    help="Also list what looks like one product at this false-accept rate, whatever its photos.",
)
@click.option("--merge", nargs=2, metavar="A B", help="Decide that two products are one.")
@click.option("--apart", nargs=2, metavar="A B", help="Decide that they are two.")
@click.option("--undo", nargs=2, metavar="A B", help="Forget what was decided on them.")
@json_option
@plain_errors(EngineError, OSError)
def duplicates_command(
    photos: bool,
    looks: float | None,
    merge: tuple[str, str] | None,
    apart: tuple[str, str] | None,
    undo: tuple[str, str] | None,
    as_json: bool,
) -> None:
    """List products that are listed twice, across sources and sellers, as they are found.

    Two listings are one product if they have one photo, also if it was saved again, mirrored,
    cropped or put before another background. A decision on a pair is kept, and the pair is not
    listed again. Merged products are variants of one group in panels.
    """
    with Database.open() as database:
        if merge or apart or undo:
            decide(Decisions(database), merge, apart, undo)
            return
        Decisions(database).regroup()
        settings, catalogue = EngineSettings(), Catalogue(database)
        live = LiveIndex.of(settings, catalogue).current()
        if not len(live.generation.ids):
            raise RequestError("The index has no products. Ingest some, then `lookalike reindex`.")
        with progress("Compare", "products") as show:
            if photos:
                wrong = wrong_photos(live, catalogue, settings, lambda done: show(done, None))
                found = [photo_pair(one) for one in shown(wrong, photo_line, as_json)]
            else:
                total = len(live.generation.ids)
                twice = search(live, catalogue, looks).find(None, lambda done: show(done, total))
                pairs = shown(twice, line, as_json)
                found = [FoundPair(*asdict(one).values()) for one in pairs]
        kept = FoundPairs(database)
        kept.replace("photo" if photos else "product", found)
        _, count = kept.open_pairs("photo" if photos else "product", page=1, per_page=1)
    what = "photos disagree with their product" if photos else "pairs look like one product"
    click.echo(f"{count:,} {what}, and nobody has decided on them.", err=True)


def decide(
    decisions: Decisions,
    merge: tuple[str, str] | None,
    apart: tuple[str, str] | None,
    undo: tuple[str, str] | None,
) -> None:
    """Keep what was decided on pairs, or forget it."""
    for pair, same in ((merge, True), (apart, False)):
        if pair:
            try:
                decisions.decide("product", *pair, same=same)
            except ValueError as error:
                raise RequestError(f"{error}: name two products.") from error
            click.echo(f"{pair[0]} and {pair[1]} are {'one product' if same else 'two products'}.")
    if undo:
        decisions.withdraw("product", *undo)
        click.echo(f"Nothing is decided on {undo[0]} and {undo[1]} now.")


def search(live: LiveGeneration, catalogue: Catalogue, looks: float | None) -> DuplicateSearch:
    """The search of a catalogue."""
    alone = None
    if looks is not None:
        alone = LooksAlone(learned_of(live).threshold(looks), looks)
    known = Decisions(catalogue.db).pairs("product")
    prints = Prints(photo_opener(CatalogSettings()))
    return DuplicateSearch(live.generation, catalogue, prints, known, alone)


def wrong_photos(
    live: LiveGeneration,
    catalogue: Catalogue,
    settings: EngineSettings,
    on_progress: Callable[[int], None],
) -> Iterator[WrongPhoto]:
    """The photos that disagree with their product and were not decided on."""
    known = Decisions(catalogue.db).pairs("photo")
    with open_cache(settings) as cache:
        found = find_wrong_photos(live.generation, catalogue, cache, learned_of(live), on_progress)
        for one in found:
            if (one.product_id, one.content_hash) not in known:
                yield one


def learned_of(live: LiveGeneration) -> SameProduct:
    """What was learned for the encoder.

    Raises:
        CalibrationError: nothing.
    """
    learned = None if live.calibration is None else live.calibration.same_product
    if learned is None:
        raise CalibrationError(
            "It was not learned from which likeness on two photos show one product. Run "
            "`lookalike calibrate`, then `lookalike reindex`."
        )
    return learned


def shown(found: Iterable[T], line_of: Callable[[T], str], as_json: bool) -> Iterator[T]:
    """Print each as it is found."""
    for one in found:
        click.echo(json.dumps(asdict(one), ensure_ascii=False) if as_json else line_of(one))
        yield one


def line(found: Duplicate) -> str:
    """A pair for people."""
    return f"{found.first}  {found.second}  {found.cosine:.3f}  {found.reason}"


def photo_line(found: WrongPhoto) -> str:
    """A photo for people."""
    return (
        f"{found.product_id}  photo {found.position + 1}  {found.cosine:.3f} with its others, "
        f"{found.likeness:.3f} with {found.looks_like}"
    )


def photo_pair(found: WrongPhoto) -> FoundPair:
    """A photo as it is kept for the desk."""
    note = f"photo {found.position + 1} looks like {found.looks_like}"
    return FoundPair(found.product_id, found.content_hash, found.cosine, None, note)
