"""The prints of photos, read once while they are asked for again and again."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from catalog.errors import PhotoError
from catalog.photos.decode_worker import Request
from catalog.photos.shared_photos import with_copies
from catalog.photos.shared_pool import PROCESSES, shared_pool
from catalog.records import Photo, Product
from catalog.settings import CatalogSettings
from engine.applications.verification.photo_print import (
    SIDE,
    Likeness,
    Print,
    compare,
    print_of,
)

MOST_PRINTS = 16_000  # that are kept, 16 KB each
PHOTOS = 3  # of a product that are compared

OpenPhoto = Callable[[Photo], Image.Image | None]


class Prints:
    """Prints of the photos that were asked for last. For one thread at a time.

    Args:
        open_photo: reads a photo, from several threads at a time; None where it cannot be read.
    """

    def __init__(self, open_photo: OpenPhoto) -> None:
        self._open = open_photo
        self._kept: OrderedDict[str, Print | None] = OrderedDict()

    def of(self, photos: Sequence[Photo]) -> list[Print]:
        """The prints of some photos, without those that cannot be read."""
        found = (self._of(photo) for photo in photos)
        return [one for one in found if one is not None]

    def prepare(self, products: Iterable[Product]) -> None:
        """Read what some products are compared by, several photos at a time."""
        listed = {one.content_hash: one for item in products for one in item.photos[:PHOTOS]}
        new = [photo for key, photo in listed.items() if key not in self._kept][:MOST_PRINTS]
        if len(new) < 2:
            return
        with ThreadPoolExecutor(PROCESSES) as threads:
            for photo, found in zip(new, threads.map(self._read, new), strict=True):
                self._keep(photo, found)

    def likeness(self, ours: Sequence[Photo], theirs: Sequence[Photo]) -> Likeness | None:
        """How alike the first photos of two products are where they differ least.

        None where no two can be compared.
        """
        lefts, rights = self.of(ours[:PHOTOS]), self.of(theirs[:PHOTOS])
        found = [compare(left, right) for left in lefts for right in rights]
        return min(found, key=lambda one: (not one.one_photo, one.difference), default=None)

    def _of(self, photo: Photo) -> Print | None:
        if photo.content_hash not in self._kept:
            self._keep(photo, self._read(photo))
        self._kept.move_to_end(photo.content_hash)
        return self._kept[photo.content_hash]

    def _read(self, photo: Photo) -> Print | None:
        image = self._open(photo)
        return None if image is None else print_of(image)

    def _keep(self, photo: Photo, found: Print | None) -> None:
        self._kept[photo.content_hash] = found
        if len(self._kept) > MOST_PRINTS:
            self._kept.popitem(last=False)


def photo_opener(settings: CatalogSettings) -> OpenPhoto:
    """Opens photos in processes of their own, at little more than the size of a print.

    One whose file is gone or another one now is read from the shop's shared photos, if it has some.
    """

    def read(photo: Photo) -> Image.Image | None:
        request = Request(
            settings.max_photo_pixels,
            at_least=2 * SIDE,
            path=str(photo.path),
            content_hash=photo.content_hash,
            max_bytes=settings.max_photo_bytes,
        )
        try:
            blamed = shared_pool(settings.max_photo_pixels).blamed
            return with_copies(blamed, request, settings).image()
        except PhotoError:
            return None

    return read
