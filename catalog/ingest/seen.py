"""Which products an ingest has seen, and on which lines, in four bytes per product."""

from array import array

PAGE = 4096  # numbers per page; pages are allocated when one of their products is seen
REJECTED = 0xFFFF_FFFF  # seen in rejected rows only, so a valid row may still follow


class SeenProducts:
    """Seen products by number. Memory grows with the catalogue, not with the source."""

    def __init__(self) -> None:
        self._pages: dict[int, array[int]] = {}

    def line(self, number: int) -> int:
        """The line of the product's first valid row; 0 if there was none so far."""
        page = self._pages.get(number // PAGE)
        found = 0 if page is None else page[number % PAGE]
        return 0 if found == REJECTED else found

    def mark(self, number: int, line: int) -> None:
        """Records a valid row of the product."""
        self._page(number)[number % PAGE] = min(max(line, 1), REJECTED - 1)

    def mark_rejected(self, number: int) -> None:
        """Records a rejected row of the product: it is invalid, but not missing."""
        page = self._page(number)
        page[number % PAGE] = page[number % PAGE] or REJECTED

    def __contains__(self, number: int) -> bool:
        """Whether the product had any row, valid or rejected."""
        page = self._pages.get(number // PAGE)
        return page is not None and page[number % PAGE] > 0

    def _page(self, number: int) -> "array[int]":
        page = self._pages.get(number // PAGE)
        if page is None:
            page = self._pages[number // PAGE] = array("I", bytes(4 * PAGE))
        return page
