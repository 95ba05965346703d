"""Keeps the styles of a home up to date: after each publish at once, now and then from scratch.

New products join the nearest style, which takes a moment. Once a tenth of the products came or went
since the styles were found, or the encoder is another one, they are found again; a style keeps its
number while most of it stays together. Until then, and if that fails, the old ones stay.
"""

from dataclasses import dataclass
from pathlib import Path

from catalog.database.database import Database
from catalog.errors import Busy
from catalog.lock import exclusive_lock
from catalog.products.catalogue import Catalogue
from catalog.servers.shared_styles import SharedStyles
from catalog.text import counted
from engine.applications.styles.build import Step, find_styles
from engine.applications.styles.home import copy_shared, styles_file
from engine.applications.styles.placing import place
from engine.applications.styles.styles import Styles
from engine.errors import BrokenStyles
from engine.index.generation import Generation
from engine.index.merged import open_merged
from engine.index.stores.choose import open_store
from engine.settings import EngineSettings
from engine.storage import storage_errors

REGROUP_SHARE = 0.1  # of the products that came or went, after which styles are found again
AGAIN = "Then run `lookalike clusters` again."
WHAT = "search for styles"


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of the styles of a home.

    Attributes:
        there: whether styles were found before; otherwise nothing happens.
        joined: new products, which are in the nearest style now.
        left: products that are gone.
        due: whether the styles should be found again.
        searching: whether another process finds them now; so nothing was changed.
    """

    there: bool = True
    joined: int = 0
    left: int = 0
    due: bool = False
    searching: bool = False

    def __str__(self) -> str:
        if not self.there:
            return "none were found yet"
        if self.searching:
            return "are being found again"
        if not self.joined and not self.left:
            return "up to date"
        return f"{counted(self.joined, 'product')} joined, {self.left:,} left"


def follow_index(settings: EngineSettings, catalogue: Catalogue) -> Followed:
    """Let the stored styles follow the live index, if there are any.

    Raises:
        BrokenStyles: they cannot be read.
        GenerationError, StorageError: the index cannot be read, or the styles not written.
    """
    path = styles_file(settings)
    if not path.exists() and not settings.index_is_shared:
        return Followed(there=False)
    try:
        with exclusive_lock(lock_of(path), WHAT):
            copy_shared(settings, catalogue.db)
            styles = Styles.load(path)
            if styles is None:
                return Followed(there=False)
            generation = live_index(settings, catalogue)
            if generation.manifest.fingerprint != styles.fingerprint:
                return Followed(due=True)
            if generation.name == styles.generation:
                return Followed(due=is_due(styles))
            placed = place(styles, generation)
            save(placed.styles, settings, catalogue.db)
    except Busy:
        return Followed(searching=True)
    return Followed(joined=placed.joined, left=placed.left, due=is_due(placed.styles))


def is_due(styles: Styles) -> bool:
    """Whether so many products came or went that the styles should be found again."""
    return styles.changed > REGROUP_SHARE * styles.grouped


def regroup(
    settings: EngineSettings,
    catalogue: Catalogue,
    wanted: int | None = None,
    on_step: Step = lambda text: None,
) -> tuple[Styles, Styles | None]:
    """Find the styles of the live index and store them.

    Args:
        settings, catalogue: of the home.
        wanted, on_step: as for `engine.applications.styles.build.find_styles`.

    Returns:
        The styles, and those before; None if there were none, or none that can be read.

    Raises:
        Busy: another process does so.
        RequestError, GenerationError, StorageError: they cannot be found or stored.
    """
    path = styles_file(settings)
    with exclusive_lock(lock_of(path), WHAT):
        try:
            copy_shared(settings, catalogue.db)
            before = Styles.load(path)
        except BrokenStyles as error:
            before = None
            on_step(f"Styles get new numbers. {error}")
        generation = live_index(settings, catalogue)
        styles = find_styles(generation, catalogue, wanted, before, on_step)
        save(styles, settings, catalogue.db)
    return styles, before


def save(styles: Styles, settings: EngineSettings, db: Database) -> None:
    """Store the styles of a home, and of all homes that share its index."""
    path = styles_file(settings)
    with storage_errors(path.parent, "Styles", AGAIN):
        styles.save(path)
        if settings.index_is_shared:
            SharedStyles(db).write(path.read_bytes())


def live_index(settings: EngineSettings, catalogue: Catalogue) -> Generation:
    """The live index of a home, or the one that it shares."""
    store = open_store(settings, catalogue)
    store.follow(settings.index_dir)
    return open_merged(settings.index_dir, store=store)


def lock_of(path: Path) -> Path:
    """The file that one process at a time holds to change the styles."""
    return path.with_suffix(".lock")
