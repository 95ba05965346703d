"""A visitor's photo: read from a form within the upload limits, decoded, and never stored."""

import base64
from contextlib import AbstractContextManager
from io import BytesIO
from typing import IO

from flask import Request
from PIL import Image

from catalog.photos.preprocess import flatten
from web.app.context import Shop
from web.app.errors import Busy, UploadError
from web.photo_search.crop import Crop

FIELD = "photo"
KEPT = "kept"  # the form field of a copy
# Longer side and quality of a copy: the first with which it has no more than MOST_COPY bytes.
COPIES = ((1024, 86), (1024, 60), (640, 60), (480, 30))
MOST_COPY = 250_000
MIN_SIDE = 600  # pixels of the shorter side after decoding: enough for encoders and the copy
MOST_SIDE = 1600  # the same where a small crop needs more
BUSY = "Too many photo searches are running right now. Try again in a few seconds."
WAIT = 10.0  # seconds that a search waits for a free slot


def uploaded_photo(request: Request, shop: Shop, crop: Crop) -> Image.Image:
    """The photo of a photo search, whole, decoded in another process: RGB or RGBA, upright.

    It is large enough to search by the ``crop``.

    Raises:
        UploadError: the form has no photo, neither a file nor a copy of an earlier one.
        Busy: too many photos are being decoded.
        catalog.errors.PhotoError: it is too large, not an image, truncated, has too many pixels,
            or takes too long to decode.
    """
    at_least = min(MOST_SIDE, round(MIN_SIDE / min(crop.width, crop.height)))
    stream, settings = _stream(request), shop.settings
    with shop.heavy.place(BUSY):
        try:
            return shop.decoder.decode(
                stream,
                max_pixels=int(settings.upload_megapixels * 1e6),
                max_bytes=settings.upload_bytes,
                at_least=at_least,
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


def kept_copy(image: Image.Image) -> str:
    """A small copy of a photo, as JPEG in base64, for its page to show and to send again.

    So that a visitor can change a search without choosing the photo again, and nothing is stored.
    """
    small = flatten(image)
    for side, quality in COPIES:
        small.thumbnail((side, side))
        buffer = BytesIO()
        small.save(buffer, "JPEG", quality=quality)
        if buffer.tell() <= MOST_COPY:
            break
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _stream(request: Request) -> IO[bytes]:
    file = request.files.get(FIELD)
    if file is not None and file.filename:
        return file.stream
    if kept := request.form.get(KEPT):
        try:
            return BytesIO(base64.b64decode(kept, validate=True))
        except ValueError as error:
            raise UploadError("The photo did not arrive whole. Choose it again.") from error
    raise UploadError(
        f"There is no photo. Send one as the form field {FIELD!r} (multipart/form-data)."
    )
