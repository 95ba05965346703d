"""A visitor's photo: taken from a form, opened under the upload's own caps, kept nowhere."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from flask import Request
from PIL import Image

from engine.encoders.preprocess import flatten
from web.app.context import Shop
from web.app.errors import Busy, UploadError

FIELD = "photo"
PREVIEW = (480, 600)
ENOUGH = 600  # pixels of the shorter side: more than any encoder or preview looks at
BUSY = "Many people are searching by photo right now. Try again in a few seconds."
WAIT = 10.0  # seconds that a search waits for its turn before it is refused


def uploaded_photo(request: Request, shop: Shop) -> Image.Image:
    """The photo of a photo search, decoded by another process: RGB or RGBA, turned upright.

    Raises:
        UploadError: the form brought no photo.
        Busy: too many photos are being decoded.
        catalog.errors.PhotoError: it is too large, no image, truncated, has too many pixels, or
            takes too long to decode.
    """
    file = request.files.get(FIELD)
    if file is None or not file.filename:
        raise UploadError(
            f"No photo came along. Send one as the form field {FIELD!r} (multipart/form-data)."
        )
    settings = shop.settings
    try:
        return shop.decoder.decode(
            file.stream,
            max_pixels=int(settings.upload_megapixels * 1e6),
            max_bytes=settings.upload_bytes,
            at_least=ENOUGH,
            patience=WAIT,
        )
    except TimeoutError:
        raise Busy(BUSY) from None


@contextmanager
def turn(shop: Shop) -> Iterator[None]:
    """Wait for one of the few places for photo searches: encoding keeps a whole core busy.

    Raises:
        Busy: no place came free in time.
    """
    if not shop.photo_searches.acquire(timeout=WAIT):
        raise Busy(BUSY)
    try:
        yield
    finally:
        shop.photo_searches.release()


def preview(image: Image.Image) -> str:
    """A small copy of a photo as a ``data:`` address, to show beside its results."""
    small = flatten(image)
    small.thumbnail(PREVIEW)
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
