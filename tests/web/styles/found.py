"""Styles of a shop, found and stored in its home."""

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.applications.styles.build import find_styles
from engine.applications.styles.home import styles_file
from engine.applications.styles.styles import Styles
from engine.index.merged import open_merged
from engine.settings import EngineSettings


def store_styles(home) -> Styles:
    """Six styles, stored in the home."""
    settings = EngineSettings(home=home)
    with Database.open(CatalogSettings(home=home)) as database:
        found = find_styles(open_merged(settings.index_dir), Catalogue(database), 6)
    found.save(styles_file(settings))
    return found
