"""The filters and the order of the grid, and the URL parameters that stand for them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self, TypedDict, Unpack
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from catalog.filters.filter import Filter
from web.app.errors import ParameterError
from web.app.params import MAX_PER_PAGE, PER_PAGE, Args, int_param, number, text_param

SORTS = {
    "newest": "Newest",
    "price": "Price, low to high",
    "price-down": "Price, high to low",
    "sale": "Largest reduction",
}
MAX_CHOICES = 20  # values of one filter
SEVERAL = ("colour", "brand", "size")  # filters that take several values
ONE = ("gender", "age_group", "price_from", "price_to", "sort")


class Changes(TypedDict, total=False):
    """Filters to change; None or nothing removes one."""

    category: str | None
    colour: tuple[str, ...]
    brand: tuple[str, ...]
    size: tuple[str, ...]
    gender: str | None
    age_group: str | None
    price_from: str | None
    price_to: str | None
    on_sale: bool
    text: str | None
    sort: str | None
    page: int


@dataclass(frozen=True, slots=True)
class GridFilters:
    """Which products the grid shows, and in which order.

    ``category`` is a path prefix such as ``Tops > T-shirts``; of a field with several values, a
    product has one.
    """

    category: str | None = None
    colour: tuple[str, ...] = ()
    brand: tuple[str, ...] = ()
    size: tuple[str, ...] = ()
    gender: str | None = None
    age_group: str | None = None
    price_from: str | None = None
    price_to: str | None = None
    on_sale: bool = False
    text: str | None = None
    sort: str | None = None
    page: int = 1
    per_page: int = PER_PAGE

    @classmethod
    def of(cls, args: Args) -> Self:
        """The filters of a URL; prices in the wrong order are swapped.

        Raises:
            ParameterError: a page that is not a number above 0, a price that is no number, or a
                text that is too long.
        """
        low, high = price_param(args, "price_from"), price_param(args, "price_to")
        if low and high and number(low) > number(high):
            low, high = high, low
        sort = text_param(args, "sort")
        return cls(
            category=text_param(args, "category"),
            colour=text_params(args, "colour"),
            brand=text_params(args, "brand"),
            size=text_params(args, "size"),
            gender=text_param(args, "gender"),
            age_group=text_param(args, "age_group"),
            price_from=low,
            price_to=high,
            on_sale=text_param(args, "on_sale") in ("true", "on", "1"),
            text=text_param(args, "q"),
            sort=sort if sort in SORTS else None,
            page=int_param(args, "page", default=1, low=1, high=1_000_000),
            per_page=int_param(args, "per_page", default=PER_PAGE, low=1, high=MAX_PER_PAGE),
        )

    def but(self, **changes: Unpack[Changes]) -> Self:
        """These filters with some changed, on the first page unless ``page`` is given."""
        changes.setdefault("page", 1)
        return replace(self, **changes)

    def toggled(self, field: str, value: str) -> Self:
        """These filters with one value of a field added or, if it was there, taken off."""
        before = getattr(self, field)
        if field in SEVERAL:
            after = [one for one in before if one != value]
            several = tuple(after) if value in before else (*before, value)[-MAX_CHOICES:]
            changes: dict[str, Any] = {field: several}
        else:
            changes = {field: None if value == before else value}
        return replace(self, **changes, page=1)

    def pairs(self) -> list[tuple[str, str]]:
        """The URL parameters of these filters; defaults are left out."""
        listed = [("category", self.category)]
        listed += [(name, value) for name in SEVERAL for value in getattr(self, name)]
        listed += [(name, getattr(self, name)) for name in ONE]
        listed += [("on_sale", "true" if self.on_sale else None), ("q", self.text)]
        if self.page > 1:
            listed.append(("page", str(self.page)))
        if self.per_page != PER_PAGE:
            listed.append(("per_page", str(self.per_page)))
        return [(name, value) for name, value in listed if value]

    def query(self) -> MultiDict[str, str]:
        """The same as the arguments of a request."""
        return MultiDict(self.pairs())

    def url(self) -> str:
        """The same as a query string."""
        return urlencode(self.pairs())

    @property
    def where(self) -> Filter:
        """All filters but sizes and the search text.

        Raises:
            catalog.errors.FilterError: a value is none of its field.
        """
        return Filter.of(
            {
                "category": self.category,
                "colour": self.colour,
                "brand": self.brand,
                "gender": self.gender,
                "age_group": self.age_group,
                "price_from": self.price_from,
                "price_to": self.price_to,
                "on_sale": True if self.on_sale else None,
            }
        )

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return replace(self, sort=None, page=1, per_page=PER_PAGE) != type(self)()

    @property
    def unfiltered(self) -> Self:
        """The search alone, without any filter."""
        return type(self)(text=self.text, sort=self.sort, per_page=self.per_page)


def text_params(args: Args, name: str) -> tuple[str, ...]:
    """All values of a parameter, without empty and equal ones.

    Raises:
        ParameterError: one is too long, or there are too many.
    """
    values: Iterable[str] = args.getlist(name)[: 5 * MAX_CHOICES]
    texts = [text_param(MultiDict([(name, value)]), name) for value in values]
    found = tuple(dict.fromkeys(text for text in texts if text))
    if len(found) > MAX_CHOICES:
        raise ParameterError(f"{name} takes {MAX_CHOICES} values at most, not {len(found)}.")
    return found


def price_param(args: Args, name: str) -> str | None:
    """A price; None when it is missing.

    Raises:
        ParameterError: it is not a number of 0 or more.
    """
    text = text_param(args, name)
    if text is None:
        return None
    if not 0 <= number(text) < 1e14:
        raise ParameterError(f"{name} must be a number such as 19.99, not {text!r}.")
    return text
