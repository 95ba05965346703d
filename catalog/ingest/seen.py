"""Which products a run over a source has seen, and on which lines: four bytes a product."""

from array import array

PAGE = 4096  # numbers on one page; a page is there once one of its products was seen
KEPT = 0xFFFF_FFFF  # seen, but only in a row that was rejected: a whole one may still come


class SeenProducts:
    """Products by their number. Memory grows by what the catalogue has, not by what is read."""

    def __init__(self) -> None:
        self._pages: dict[int, array[int]] = {}

    def line(self, number: int) -> int:
        """The line that the product was on; 0 if on none (so far)."""
        page = self._pages.get(number // PAGE)
        found = 0 if page is None else page[number % PAGE]
        return 0 if found == KEPT else found

    def mark(self, number: int, line: int) -> None:
        """The product is on this line."""
        self._page(number)[number % PAGE] = min(max(line, 1), KEPT - 1)

    def keep(self, number: int) -> None:
        """A rejected row named the product: it is broken, not gone."""
        page = self._page(number)
        page[number % PAGE] = page[number % PAGE] or KEPT

    def __contains__(self, number: int) -> bool:
        """Whether the product was on any line, in a good row or a rejected one."""
        page = self._pages.get(number // PAGE)
        return page is not None and page[number % PAGE] > 0

    def _page(self, number: int) -> "array[int]":
        page = self._pages.get(number // PAGE)
        if page is None:
            page = self._pages[number // PAGE] = array("I", bytes(4 * PAGE))
        return page
