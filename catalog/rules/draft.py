"""Rules with one more, which is not stored: to see what a rule would do."""

from catalog.rules.book import RuleBook
from catalog.rules.rule import Rule
from catalog.rules.ruleset import RuleSet


class DraftRules(RuleBook):
    """The rules of a book, with a rule added, or in the place of the one of its name."""

    def __init__(self, book: RuleBook, rule: Rule) -> None:
        self._book = book
        self._rule = rule

    def current(self) -> RuleSet:
        """The rules of the book as they are now, and the draft."""
        others = (rule for rule in self._book.all() if rule.rule_id != self._rule.rule_id)
        return RuleSet([*others, self._rule])
