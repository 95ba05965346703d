"""What a visitor can narrow a listing by, with counts: read once for a watermark."""

from dataclasses import dataclass

from catalog.products.catalogue import Catalogue
from catalog.vocabulary import category_path

Counted = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Menu:
    """Names and product counts of the catalogue as it was at one watermark.

    ``children`` holds category paths such as ``Tops > T-shirts`` by the path above them.
    """

    watermark: str
    products: int
    colours: tuple[Counted, ...]
    genders: tuple[Counted, ...]
    children: dict[str | None, tuple[Counted, ...]]

    @classmethod
    def of(cls, catalogue: Catalogue, watermark: str) -> "Menu":
        """Ask the catalogue for everything that the menu shows."""
        return cls(
            watermark,
            catalogue.counts()["products"],
            tuple(catalogue.colours()),
            tuple(catalogue.genders()),
            by_parent(tuple(catalogue.categories())),
        )

    def shelf(self, category: str | None) -> tuple[str | None, tuple[Counted, ...]]:
        """The sub-categories to offer within a category, and whose they are.

        A category without children offers its siblings, so that a visitor is never stuck.
        """
        if category is None or category in self.children:
            return category, self.children.get(category, ())
        parent = category_path.parent(category)
        return parent, self.children.get(parent, ())


def by_parent(categories: tuple[Counted, ...]) -> dict[str | None, tuple[Counted, ...]]:
    """Group category paths by the path above them; each group starts with its largest."""
    groups: dict[str | None, list[Counted]] = {}
    for path, count in categories:
        groups.setdefault(category_path.parent(path), []).append((path, count))
    return {
        parent: tuple(sorted(group, key=lambda pair: (-pair[1], pair[0])))
        for parent, group in groups.items()
    }
