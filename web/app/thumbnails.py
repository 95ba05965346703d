"""Thumbnails of product photos, made on first request and cached in the home by content hash."""

import re
from pathlib import Path

from flask import Blueprint, Response, abort, send_file
from PIL import Image

from catalog.errors import PhotoError
from catalog.files import replacing
from catalog.photos.photo_file import open_photo
from catalog.photos.preprocess import flatten
from catalog.records import Photo
from web.app.context import shop

blueprint = Blueprint("media", __name__)

WIDTHS = (160, 320, 480, 960)
ASPECT = 1.25  # height of the box over its width: cards are 4:5
YEAR = 31_536_000
HASH = re.compile(r"[0-9a-f]{64}")


@blueprint.get("/media/<content_hash>/<int:width>.jpg")
def thumbnail(content_hash: str, width: int) -> Response:
    """A photo that fits a box of one of `WIDTHS`; other widths are refused, to bound the cache."""
    if width not in WIDTHS or not HASH.fullmatch(content_hash):
        abort(404)
    path = shop().settings.thumbs_dir / content_hash[:2] / f"{content_hash}-{width}.jpg"
    if not path.exists():
        make(content_hash, width, path)
    response = send_file(
        path, mimetype="image/jpeg", conditional=True, etag=f"{content_hash[:32]}-{width}"
    )
    # The URL contains the content hash, so the content never changes.
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


def make(content_hash: str, width: int, path: Path) -> None:
    """Write a thumbnail into the cache, or abort with 404."""
    photo = shop().catalogue.photo(content_hash)
    if photo is None:
        abort(404)
    try:
        small = shrink(photo, width)
    except PhotoError as error:
        abort(404, description=f"This photo can no longer be read ({error.code}).")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, durable=False) as draft:
        small.save(draft, "JPEG", quality=84, optimize=True, progressive=True)


def shrink(photo: Photo, width: int) -> Image.Image:
    """A photo reduced to its box, never enlarged, with transparency on white."""
    settings = shop().catalog_settings
    image = open_photo(
        photo.path,
        max_pixels=settings.max_photo_pixels,
        max_bytes=settings.max_photo_bytes,
        at_least=width * 2,  # lets a JPEG decode at a fraction of its size
    )
    small = flatten(image)
    small.thumbnail((width, round(width * ASPECT)), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return small
