"""A catalogue and its rules that are read once, for many answers in a row."""

from collections.abc import Sequence

import numpy as np

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.records import Facts
from catalog.rules.book import RuleBook
from catalog.rules.ruleset import RuleSet


class CatalogueSnapshot(Catalogue):
    """The catalogue as it was when this was made: most that panels ask is answered from memory.

    Args:
        db: where it is read from.
    """

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.mark = super().watermark()
        self._facts = super().all_facts()
        self._place = {one: place for place, one in enumerate(self._facts.ids.tolist())}

    def facts(self, product_ids: Sequence[str]) -> Facts:
        """The facts of these products in this order; those of retired ones are read."""
        places = [self._place.get(one, -1) for one in product_ids]
        if -1 in places:
            return super().facts(product_ids)
        rows = np.array(places, dtype=np.int64)
        columns = {name: getattr(self._facts, name)[rows] for name in Facts.__dataclass_fields__}
        return Facts(**columns)

    def watermark(self) -> str:
        """That of the moment when this was made."""
        return self.mark

    def changes(self, since: str) -> tuple[str, list[str] | None]:
        """As the catalogue's: nothing changes any more."""
        return (since, []) if since == self.mark else (self.mark, None)


class RulesSnapshot(RuleBook):
    """The rules as they were when this was made."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.mark = super().version()
        self._rules = super().current()

    def current(self) -> RuleSet:
        """The rules."""
        return self._rules
