"""The filters of the grid, and the URL parameters that stand for them."""

from dataclasses import dataclass, replace
from typing import Self, TypedDict, Unpack

from web.app.params import MAX_PER_PAGE, PER_PAGE, Args, int_param, text_param


class Changes(TypedDict, total=False):
    """Filters to change; None removes one."""

    category: str | None
    colour: str | None
    gender: str | None
    text: str | None
    page: int


@dataclass(frozen=True, slots=True)
class GridFilters:
    """Which products the grid shows. ``category`` is a path prefix such as ``Tops > T-shirts``."""

    category: str | None = None
    colour: str | None = None
    gender: str | None = None
    text: str | None = None
    page: int = 1
    per_page: int = PER_PAGE

    @classmethod
    def of(cls, args: Args) -> Self:
        """The filters of a URL.

        Raises:
            ParameterError: a page that is not a number above 0, or a text that is too long.
        """
        return cls(
            category=text_param(args, "category"),
            colour=text_param(args, "colour"),
            gender=text_param(args, "gender"),
            text=text_param(args, "q"),
            page=int_param(args, "page", default=1, low=1, high=1_000_000),
            per_page=int_param(args, "per_page", default=PER_PAGE, low=1, high=MAX_PER_PAGE),
        )

    def but(self, **changes: Unpack[Changes]) -> Self:
        """These filters with some changed, on the first page unless ``page`` is given."""
        changes.setdefault("page", 1)
        return replace(self, **changes)

    def query(self) -> dict[str, str]:
        """The URL parameters of these filters; defaults are left out."""
        named = {"category": self.category, "colour": self.colour, "gender": self.gender}
        pairs = {**named, "q": self.text}
        if self.page > 1:
            pairs["page"] = str(self.page)
        if self.per_page != PER_PAGE:
            pairs["per_page"] = str(self.per_page)
        return {name: value for name, value in pairs.items() if value}

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return any((self.category, self.colour, self.gender, self.text))
