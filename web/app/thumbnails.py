"""Thumbnails of product photos, drawn at their first request and cached by content hash."""

import io
import os
import re
from functools import partial
from pathlib import Path

from flask import Blueprint, Response, abort, send_file

from catalog.errors import PhotoError
from catalog.records import Photo
from web.app.context import shop
from web.app.responses.later import result_of

blueprint = Blueprint("media", __name__)

WIDTHS = (160, 320, 480, 960)
YEAR = 31_536_000
HASH = re.compile(r"[0-9a-f]{64}")
END_OF_JPEG = b"\xff\xd9"


@blueprint.get("/media/<content_hash>/<int:width>.jpg")
def thumbnail(content_hash: str, width: int) -> Response:
    """A photo that fits a box of one of `WIDTHS`; other widths are refused, to bound the cache.

    Only photos of the catalogue are served: one that was taken out is gone, its thumbnails too.
    """
    if width not in WIDTHS or not HASH.fullmatch(content_hash):
        abort(404)
    photo = shop().catalogue.photo(content_hash)
    if photo is None:
        abort(404)
    path = shop().settings.thumbs_dir / content_hash[:2] / f"{content_hash}-{width}.jpg"
    cached = path if is_whole(path) else None
    response = send_file(
        cached or io.BytesIO(drawn(photo, width, path)),
        mimetype="image/jpeg",
        conditional=True,
        etag=f"{content_hash[:32]}-{width}",
    )
    # The URL contains the content hash, so the content never changes.
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


def is_whole(path: Path) -> bool:
    """Whether a thumbnail is in the cache, and not empty or cut off, as after a power cut."""
    try:
        with path.open("rb") as stream:
            stream.seek(-len(END_OF_JPEG), os.SEEK_END)
            return stream.read() == END_OF_JPEG
    except OSError:
        return False


def drawn(photo: Photo, width: int, path: Path) -> bytes:
    """A new thumbnail as JPEG, which is also written into the cache; or abort with 404."""
    try:
        return result_of(partial(shop().thumbnails.start, photo, width, path))
    except PhotoError as error:
        abort(404, description=f"This photo can no longer be read ({error.code}).")
