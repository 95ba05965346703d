"""The command ``share-photos``: copies photos to where all servers find them."""

import click

from catalog.console import plain_errors, progress
from catalog.database.database import Database
from catalog.errors import CatalogError, PhotoError
from catalog.fetching.shared_leftovers import claim_shared
from catalog.photos.photo_file import read_photo
from catalog.photos.shared_photos import SharedPhotos
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.text import counted


@click.command("share-photos")
@plain_errors(OSError)
def share_photos_command() -> None:
    """Copy the photos of the catalogue to LOOKALIKE_PHOTOS, where other servers find them.

    New photos are copied when they are ingested or fetched; this is for those of before. A run that
    was killed goes on when the command is repeated.
    """
    settings = CatalogSettings()
    shared = SharedPhotos.of(settings)
    if shared is None:
        raise CatalogError(
            "LOOKALIKE_PHOTOS is not set. Name the folder or store there, such as "
            "s3://bucket/lookalike."
        )
    copied = there = lost = 0
    with Database.open(settings) as database, progress("Share", "photos") as show:
        claim_shared(database, settings)
        catalogue = Catalogue(database)
        total = catalogue.counts()["photos"]
        for number, photo in enumerate(catalogue.photos(), start=1):
            try:
                data = read_photo(photo.path, settings.max_photo_bytes, photo.content_hash)
            except PhotoError:
                lost += not shared.has_any(photo.content_hash)
            else:
                new = shared.put(photo.content_hash, data)
                copied, there = copied + new, there + (not new)
            show(number, total, f"{copied:,} copied")
    click.echo(f"{counted(copied, 'photo')} copied, {there:,} were there.")
    if lost:
        click.echo(
            f"{counted(lost, 'photo')} could not be read in this home, and are not there either. "
            "Run the command on the server that ingested or fetched them.",
            err=True,
        )
