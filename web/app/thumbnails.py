"""Thumbnails of product photos, made on first request and cached in the home by content hash."""

import io
import os
import re
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, send_file

from catalog.errors import DecoderDied, PhotoError
from catalog.files import replacing
from catalog.photos.decode_worker import Request
from catalog.records import Photo
from web.app.context import shop
from web.app.errors import Busy

blueprint = Blueprint("media", __name__)

WIDTHS = (160, 320, 480, 960)
ASPECT = 1.25  # height of the box over its width: cards are 4:5
YEAR = 31_536_000
HASH = re.compile(r"[0-9a-f]{64}")
END_OF_JPEG = b"\xff\xd9"
WAIT = 20.0  # seconds that a thumbnail waits for the process that decodes
BUSY = "Too many pictures are being prepared right now. Try again in a few seconds."


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
        cached or io.BytesIO(make(photo, width, path)),
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


def make(photo: Photo, width: int, path: Path) -> bytes:
    """A new thumbnail as JPEG, which is also written into the cache; or abort with 404."""
    try:
        data = shrink(photo, width)
    except PhotoError as error:
        abort(404, description=f"This photo can no longer be read ({error.code}).")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, durable=False) as draft:
            draft.write_bytes(data)
    except OSError as error:  # a full disk is no reason to show no pictures
        current_app.logger.warning("Thumbnails are not cached in %s: %s", path.parent, error)
    return data


def shrink(photo: Photo, width: int) -> bytes:
    """A photo reduced to its box, never enlarged, with transparency on white, as JPEG.

    Raises:
        PhotoError: it is gone, changed, or can't be decoded any more.
        Busy: the processes that decode are busy with others, or cannot be started.
    """
    settings = shop().catalog_settings
    request = Request(
        settings.max_photo_pixels,
        at_least=width * 2,  # lets a JPEG decode at a fraction of its size
        path=str(photo.path),
        content_hash=photo.content_hash,
        max_bytes=settings.max_photo_bytes,
        box=(width, round(width * ASPECT)),
    )
    try:
        small = shop().thumbnails.blamed(request, patience=WAIT).image()
    except (TimeoutError, DecoderDied) as error:
        raise Busy(BUSY) from error
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=84, optimize=True, progressive=True)
    return buffer.getvalue()
