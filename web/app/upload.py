"""A visitor's photo: read from a form within the upload limits, decoded, and never stored."""

import base64
from contextlib import AbstractContextManager
from io import BytesIO

from flask import Request
from PIL import Image

from catalog.photos.preprocess import flatten
from web.app.context import Shop
from web.app.errors import Busy, UploadError

FIELD = "photo"
PREVIEW = (480, 600)
MIN_SIDE = 600  # pixels of the shorter side after decoding: enough for encoders and preview
BUSY = "Too many photo searches are running right now. Try again in a few seconds."
WAIT = 10.0  # seconds that a search waits for a free slot


def uploaded_photo(request: Request, shop: Shop) -> Image.Image:
    """The photo of a photo search, decoded in another process: RGB or RGBA, upright.

    Raises:
        UploadError: the form has no photo.
        Busy: too many photos are being decoded.
        catalog.errors.PhotoError: it is too large, not an image, truncated, has too many pixels,
            or takes too long to decode.
    """
    file = request.files.get(FIELD)
    if file is None or not file.filename:
        raise UploadError(
            f"There is no photo. Send one as the form field {FIELD!r} (multipart/form-data)."
        )
    settings = shop.settings
    with shop.heavy.place(BUSY):
        try:
            return shop.decoder.decode(
                file.stream,
                max_pixels=int(settings.upload_megapixels * 1e6),
                max_bytes=settings.upload_bytes,
                at_least=MIN_SIDE,
                patience=WAIT,
            )
        except TimeoutError:
            raise Busy(BUSY) from None


def photo_search_slot(shop: Shop) -> AbstractContextManager[None]:
    """Hold one of the few slots for photo searches: encoding uses a whole core.

    Raises:
        Busy: no slot became free in time.
    """
    return shop.heavy.slot(shop.photo_searches, BUSY, WAIT)


def preview(image: Image.Image) -> str:
    """A small copy of a photo as a ``data:`` URL, to show beside the results."""
    small = flatten(image)
    small.thumbnail(PREVIEW)
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
