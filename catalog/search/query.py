"""How a search text is understood: which words count, corrected and with their synonyms.

That depends on the catalogue's words alone, not on the filters beside the text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, exists, select

from catalog.records import SearchNote
from catalog.search.documents import WHOLES, words_of
from catalog.search.expressions import all_of, any_of, numbers, of_group
from catalog.search.spelling import Vocabulary, nearest
from catalog.search.synonyms import Meanings, Phrase, grouped, meanings

MAX_WORDS = 8  # of a text; the others are ignored
SHORTEST_BEGINNING = 3  # letters that a word of a product may begin with
FILLERS = frozenset(["a", "an", "the", "for", "with", "and", "or", "in", "of", "to", "by", "on"])


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A search text as it is understood.

    Attributes:
        expression: what the database searches for; None if it knows none of the words.
        note: what was changed; None if nothing was.
        words: the words of the text that count.
        given: an expression of the words without synonyms, to rank by.
    """

    expression: str | None
    note: SearchNote | None = None
    words: tuple[str, ...] = ()
    given: str = ""


class QueryParser:
    """Parses search texts with the words of one catalogue; safe to share between threads."""

    def __init__(self) -> None:
        self._vocabulary = Vocabulary()

    def parse(self, connection: Connection, text: str, watermark: str) -> ParsedQuery:
        """Parse a text.

        All its words are wanted, in any form. For a word that no product has: words that begin
        with it, or else compounds that end with it, or else the nearest spelling, or else it is
        ignored. If still no product has all of them, all but one will do, or else any.

        Args:
            connection: reads the catalogue.
            text: what somebody searches for; at most `MAX_WORDS` words of it count.
            watermark: of the catalogue.

        Raises:
            catalog.errors.SettingsError: the shop's file of words cannot be read.
        """
        words = words_of(text)
        words = ([word for word in words if word not in FILLERS] or words)[:MAX_WORDS]
        path: Path | None = connection.get_execution_options().get("words")
        table = meanings(path)
        dialect = connection.dialect.name
        groups = grouped(words, table)
        expressions = [of_group(same, dialect) for _, same in groups]
        kept = tuple(words)
        if not expressions:
            return ParsedQuery(None)
        whole = all_of(expressions, dialect)
        if found(connection, whole):
            return ParsedQuery(whole, None, kept, given_words(kept, dialect))
        return self._changed(connection, groups, table, watermark, kept)

    def _changed(
        self,
        connection: Connection,
        groups: list[tuple[Phrase, tuple[Phrase, ...]]],
        table: Meanings,
        watermark: str,
        kept: tuple[str, ...],
    ) -> ParsedQuery:
        dialect = connection.dialect.name
        expressions: list[str] = []
        texts: list[str] = []
        ignored: list[str] = []
        corrected = False
        for phrase, same in groups:
            known = known_form(connection, same, dialect)
            text = " ".join(phrase)
            if known is None and len(phrase) == 1:
                words = self._vocabulary.words(connection, watermark)
                synonyms = {one[0] for group in table.values() for one in group if len(one) == 1}
                text = nearest(phrase[0], words, synonyms) or ""
                if text:
                    known = known_form(connection, grouped([text], table)[0][1], dialect)
                    corrected = corrected or known is not None
            if known is None:
                ignored.append(" ".join(phrase))
            else:
                expressions.append(known)
                texts.append(text)
        if not expressions:
            return ParsedQuery(None, None, kept)
        given = given_words(" ".join(texts).split(), dialect)
        better = " ".join(texts) if corrected else None
        whole = all_of(expressions, dialect)
        if found(connection, whole):
            unchanged = better is None and not ignored
            note = None if unchanged else SearchNote(better, tuple(ignored))
            return ParsedQuery(whole, note, kept, given)
        note = SearchNote(better, tuple(ignored), some=True)
        return ParsedQuery(most_of(connection, expressions), note, kept, given)


def given_words(words: Sequence[str], dialect: str) -> str:
    """Any of these words, without synonyms."""
    return any_of([of_group([(word,)], dialect) for word in words], dialect)


def most_of(connection: Connection, expressions: list[str]) -> str:
    """All but one of these groups, if some product matches that, or else any of them."""
    dialect = connection.dialect.name
    some = []
    for left_out in range(len(expressions)):
        most = all_of(expressions[:left_out] + expressions[left_out + 1 :], dialect)
        if len(expressions) > 2 and found(connection, most):
            some.append(f"({most})")
    return any_of(some or expressions, dialect)


def known_form(connection: Connection, same: tuple[Phrase, ...], dialect: str) -> str | None:
    """The expression of a group that some product matches.

    As it is, or by beginnings of words, or by compounds: where nothing is a shirt, T-shirts are.
    """
    given = same[:1]
    expressions = [of_group(same, dialect)]
    if len(given[0][-1]) >= SHORTEST_BEGINNING:
        expressions.append(of_group(given, dialect, prefix=True))
    if wholes := WHOLES.get(" ".join(given[0])):
        expressions.append(of_group([(whole,) for whole in wholes], dialect))
    return next((one for one in expressions if found(connection, one)), None)


def found(connection: Connection, expression: str) -> bool:
    """Whether any product matches, retired or not."""
    matching = numbers(expression, connection.dialect.name)
    return bool(connection.scalar(select(exists(matching))))
