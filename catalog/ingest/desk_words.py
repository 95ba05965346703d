"""Words that the desk accepted for products which lack them: written with whatever is ingested.

A source's own word always comes first. While it has one, the desk's waits; see
`catalog.desk.word_decisions`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select, update

from catalog.database.desk_models import WordDecisionRow
from catalog.database.statements import chunks
from catalog.records import ProductRecord
from catalog.vocabulary import category_path

CATEGORY = "category"
FIELDS = ("gender", "age_group", "colour", "pattern")  # of a record; others are attributes

ANY = select(WordDecisionRow.product_id).where(WordDecisionRow.accepted).limit(1)
ACCEPTED = (
    select(
        WordDecisionRow.product_id,
        WordDecisionRow.attribute,
        WordDecisionRow.word,
        WordDecisionRow.used,
    )
    .where(
        WordDecisionRow.accepted,
        WordDecisionRow.product_id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(WordDecisionRow.decided_at)
)


def with_desk_words(
    connection: Connection, records: Mapping[str, ProductRecord]
) -> dict[str, ProductRecord]:
    """The records of a source with the desk's words where they lack one.

    It also keeps which of these words are in use; the caller's transaction writes both.

    Args:
        connection: holds the catalogue's lock.
        records: product id -> the record that its source has.
    """
    found = dict(records)
    if connection.execute(ANY).first() is None:
        return found
    for ids in chunks(list(records)):
        rows: Any = connection.execute(ACCEPTED, {"ids": ids}).all()
        for product_id, attribute, word, used in rows:
            lacks = word_of(found[product_id], attribute) is None
            if lacks:
                found[product_id] = with_word(found[product_id], attribute, word)
            if lacks != used:
                set_used(connection, product_id, attribute, word, lacks)
    return found


def word_of(record: ProductRecord, attribute: str) -> str | None:
    """The word that a record has for an attribute; None: none."""
    if attribute == CATEGORY:
        return category_path.join(record.category) or None
    if attribute in FIELDS:
        value: str | None = getattr(record, attribute)
        return value or None
    return record.attributes.get(attribute) or None


def with_word(record: ProductRecord, attribute: str, word: str | None) -> ProductRecord:
    """The record with another word for an attribute; None: without one."""
    if attribute == CATEGORY:
        return replace(record, category=category_path.split(word))
    if attribute in FIELDS:
        changed: dict[str, Any] = {attribute: word}
        return replace(record, **changed)
    others = {name: value for name, value in record.attributes.items() if name != attribute}
    return replace(record, attributes=others if word is None else others | {attribute: word})


def set_used(
    connection: Connection, product_id: str, attribute: str, word: str, used: bool
) -> None:
    """Keep whether a product has a word from the desk."""
    row = WordDecisionRow
    same = and_(row.product_id == product_id, row.attribute == attribute, row.word == word)
    connection.execute(update(row).where(same).values(used=used))
