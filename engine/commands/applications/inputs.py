"""What is given as a product or a photo on the command line."""

from pathlib import Path

from PIL import Image

from catalog.errors import UnknownProduct
from catalog.photos.decode_worker import Request
from catalog.photos.shared_pool import shared_pool
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.errors import RequestError

SIDE = 1024  # pixels that the shorter side keeps when a photo is decoded


def product_or_photo(
    given: str, catalogue: Catalogue, settings: CatalogSettings
) -> str | Image.Image:
    """The id of a product, or the photo in a file; what is both is the product.

    Raises:
        RequestError: it is neither.
        catalog.errors.PhotoError: the file is no photo that can be read.
    """
    try:
        return catalogue.product(given).product_id
    except UnknownProduct as error:
        if not Path(given).is_file():
            raise RequestError(
                f"{given!r} is neither the id of a product nor the file of a photo. `lookalike "
                "products` lists ids."
            ) from error
    return decoded_photo(Path(given), settings)


def decoded_photo(path: Path, settings: CatalogSettings) -> Image.Image:
    """A photo, decoded in a process of its own.

    Raises:
        catalog.errors.PhotoError: it cannot be read.
    """
    request = Request(
        settings.max_photo_pixels,
        at_least=SIDE,
        path=str(path.absolute()),
        max_bytes=settings.max_photo_bytes,
        shown=str(path),
    )
    return shared_pool(settings.max_photo_pixels).blamed(request).image()
