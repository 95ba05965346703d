"""Categories, colours and genders of the catalogue with their counts: the filters of the grid."""

from dataclasses import dataclass

from catalog.filters.filter import Filter
from catalog.products.catalogue import Catalogue
from catalog.vocabulary import category_path

Counted = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Menu:
    """Names and product counts of the catalogue at one watermark.

    ``children`` maps a category path to the paths below it, such as ``Tops > T-shirts``. ``priced``
    and ``reduced``: whether filters of prices and of sales can change anything.
    """

    watermark: str
    products: int
    colours: tuple[Counted, ...]
    genders: tuple[Counted, ...]
    children: dict[str | None, tuple[Counted, ...]]
    priced: bool = True
    reduced: bool = True

    @classmethod
    def of(cls, catalogue: Catalogue, watermark: str) -> "Menu":
        """Read the menu from the catalogue."""
        choices = catalogue.choices(Filter())
        return cls(
            watermark,
            catalogue.counts()["products"],
            tuple(catalogue.colours()),
            tuple(catalogue.genders()),
            by_parent(tuple(catalogue.categories())),
            priced=choices.lowest != choices.highest,
            reduced=choices.on_sale > 0,
        )

    def largest(self, number: int) -> tuple[Counted, ...]:
        """The categories without sub-categories that have most products."""
        leaves = [
            one for group in self.children.values() for one in group if one[0] not in self.children
        ]
        return tuple(sorted(leaves, key=lambda one: (-one[1], one[0]))[:number])

    def categories_for(self, category: str | None) -> tuple[str | None, tuple[Counted, ...]]:
        """The parent path and the categories to offer on a category's page.

        These are its sub-categories; without any, its siblings.
        """
        if category is None or category in self.children:
            return category, self.children.get(category, ())
        parent = category_path.parent(category)
        return parent, self.children.get(parent, ())


def by_parent(categories: tuple[Counted, ...]) -> dict[str | None, tuple[Counted, ...]]:
    """Category paths by parent path, those with most products first."""
    groups: dict[str | None, list[Counted]] = {}
    for path, count in categories:
        groups.setdefault(category_path.parent(path), []).append((path, count))
    return {
        parent: tuple(sorted(group, key=lambda pair: (-pair[1], pair[0])))
        for parent, group in groups.items()
    }
