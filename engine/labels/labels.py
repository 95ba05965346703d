"""Labels of products from attributes and titles: what is similar in training and evaluation.

`RULES` defines the label columns; a shop extends or replaces them with a TOML file
(`engine.labels.label_file`). Labels are integer codes by column; -1 means unknown, which is never
evidence that two products differ.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import numpy as np

from catalog.frozen_dict import FrozenDict
from catalog.records import Product, ProductRecord
from engine.arrays import Bool, Int64
from engine.labels.vocabulary import (
    COLOURS,
    GENDERS,
    LENGTHS,
    NECKS,
    NOTHING,
    PATTERNS,
    SLEEVES,
    TYPES,
    Finder,
    Words,
    normal,
    tokens,
)

UNKNOWN = -1
Record = TypeVar("Record", ProductRecord, Product)
Pick = Literal["first listed", "last in text", "only one"]


@dataclass(frozen=True)
class LabelRule:
    """How one label column is read from a product.

    Attributes:
        column: the name of the column.
        fields: fields whose whole value is the label; the first with a value wins. A field is a
            record's own (``colour``; ``category`` is its finest element) or ``attributes.NAME``.
            Values outside ``words`` become labels of their own.
        search: fields that are searched for ``words`` if no field of ``fields`` has a value.
        words: label -> its synonyms.
        facets: the facets of the embedding that this column trains; may be empty.
        of: for a joint column, the columns that it joins; unknown where one of them is.
        pick: which word is the label if ``search`` finds several.
    """

    column: str
    fields: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    words: Words = field(default_factory=FrozenDict)
    facets: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    pick: Pick = "first listed"


RULES: tuple[LabelRule, ...] = (
    LabelRule(
        "type", ("attributes.type", "category"), ("title",), TYPES, ("shape",), pick="last in text"
    ),
    LabelRule("sleeve", ("attributes.sleeve",), ("title", "category"), SLEEVES),
    LabelRule("neck", ("attributes.neck",), ("title", "category"), NECKS),
    LabelRule("length", ("attributes.length",), ("title", "category"), LENGTHS),
    LabelRule("cut", ("attributes.cut",)),
    # A dress and a shirt with equal sleeves are not similar, so sleeves count within a type only.
    LabelRule("type_sleeve", of=("type", "sleeve"), facets=("shape",)),
    LabelRule("type_neck", of=("type", "neck"), facets=("shape",)),
    LabelRule("type_length", of=("type", "length"), facets=("shape",)),
    LabelRule("type_cut", of=("type", "cut"), facets=("shape",)),
    LabelRule("colour", ("colour",), ("title",), COLOURS, ("colour",), pick="only one"),
    LabelRule("pattern", ("pattern",), ("title",), PATTERNS, ("pattern",)),
    LabelRule("gender", ("gender",), ("title",), GENDERS, pick="only one"),
    # Tops and T-shirts, flats and casual shoes are often the same thing for women and for men.
    LabelRule("type_gender", of=("type", "gender"), facets=("shape",)),
    LabelRule("type_colour", of=("type", "colour"), facets=("shape", "colour")),
    LabelRule("type_pattern", of=("type", "pattern"), facets=("shape", "pattern")),
    LabelRule("type_colour_gender", of=("type", "colour", "gender")),
    # Colourways of one product: certainly of one shape, and in other colours.
    LabelRule("group", ("group_id",), facets=("shape",)),
    LabelRule("product", ("product_id",), facets=("shape", "colour", "pattern")),
)

_AS_WRITTEN = frozenset({"product_id", "group_id"})  # ids are not normalised


@dataclass(frozen=True)
class LabelTable:
    """Labels of N products.

    Attributes:
        product_ids: the products, in the order of the rows.
        columns: column -> ``(N,)`` codes, `UNKNOWN` (-1) where nothing is known.
        words: column -> its labels; a code is an index into them.
        facets: column -> the facets that it trains.
        derived: column -> ``(N,)`` mask of the labels that were derived from the pixels of the
            products' photos: they may train, but not judge what is computed from these pixels.
    """

    product_ids: tuple[str, ...]
    columns: Mapping[str, Int64]
    words: Mapping[str, tuple[str, ...]]
    facets: Mapping[str, tuple[str, ...]]
    derived: Mapping[str, Bool] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.product_ids)

    def take(self, rows: Int64 | Bool) -> "LabelTable":
        """The table of some rows, given as indices or a mask; the codes stay the same."""
        kept = np.arange(len(self))[rows]
        columns = {name: codes[kept] for name, codes in self.columns.items()}
        ids = tuple(self.product_ids[row] for row in kept.tolist())
        derived = {name: mask[kept] for name, mask in self.derived.items()}
        return LabelTable(ids, columns, self.words, self.facets, derived)

    def joint(self, *names: str) -> Int64:
        """Codes ``(N,)`` of several columns joined, `UNKNOWN` where one of them is."""
        return joint_codes([self.columns[name] for name in names])

    def text(self, column: str, row: int) -> str | None:
        """The label of one product in one column, or None."""
        code = int(self.columns[column][row])
        return None if code == UNKNOWN else self.words[column][code]


def label_products(
    records: Sequence[ProductRecord | Product], rules: Sequence[LabelRule] = RULES
) -> LabelTable:
    """Label products by the rules; codes are counted in order of appearance.

    Codes of several calls are not comparable, so products of several sources need one call.

    Raises:
        ValueError: a joint rule names a column that is not defined above it.
    """
    values: dict[str, list[str | None]] = {}
    for rule in rules:
        if rule.of:
            values[rule.column] = _join(rule, values)
        else:
            read = _Reader(rule)
            values[rule.column] = [read(record) for record in records]
    coded = {column: encode_words(texts) for column, texts in values.items()}
    return LabelTable(
        product_ids=tuple(record.product_id for record in records),
        columns={column: codes for column, (codes, _) in coded.items()},
        words={column: words for column, (_, words) in coded.items()},
        facets={rule.column: rule.facets for rule in rules},
        derived={"colour": seen} if (seen := _colours_seen(records)).any() else {},
    )


_VAGUE = frozenset({"multi", "dark", "light", "bright", "print", "printed", "pattern"})


def fill_colours(
    records: Sequence[Record],
    colour_of: Callable[[int], str | None],
    rules: Sequence[LabelRule] = RULES,
) -> list[Record]:
    """Fill in the colour of photos where a record has no colour, or only a vague one.

    Such a record gets an attribute, so that its label is known as derived (see `LabelTable`).

    Args:
        records: N products.
        colour_of: returns the colour of a row's photo, such as
            `engine.labels.photo_colour.dominant_colour` names it, or None if it is not sure;
            called for the rows that need it.
        rules: those that the records will be labelled by.
    """
    read = _Reader(next(rule for rule in rules if rule.column == "colour"))
    return [
        _with_seen(record, name) if _is_vague(read(record)) and (name := colour_of(row)) else record
        for row, record in enumerate(records)
    ]


_SOURCE, _PHOTO = "colour_source", "photo"  # attribute and value of a colour seen in a photo


def _with_seen(record: Record, colour: str) -> Record:
    return replace(record, colour=colour, attributes={**record.attributes, _SOURCE: _PHOTO})


def _colours_seen(records: Sequence[ProductRecord | Product]) -> Bool:
    """Mask ``(N,)`` of the records whose colour was derived from the pixels of their photo."""
    return np.asarray([one.attributes.get(_SOURCE) == _PHOTO for one in records], dtype=np.bool_)


def _is_vague(colour: str | None) -> bool:
    return colour is None or colour in _VAGUE


def _join(rule: LabelRule, values: Mapping[str, list[str | None]]) -> list[str | None]:
    missing = [name for name in rule.of if name not in values]
    if missing:
        raise ValueError(
            f"Label column {rule.column!r} joins {missing}, which must be defined above it."
        )
    rows = zip(*(values[name] for name in rule.of), strict=True)
    return [" | ".join(row) if all(part is not None for part in row) else None for row in rows]


class _Reader:
    """Reads one rule's label from a record."""

    def __init__(self, rule: LabelRule) -> None:
        self._rule = rule
        self._finder = Finder(rule.words)

    def __call__(self, record: ProductRecord | Product) -> str | None:
        for name in self._rule.fields:
            text = _field(record, name)
            if name in _AS_WRITTEN:
                if text:
                    return text
            elif text and (value := normal(text)) not in NOTHING:
                return self._finder.value(text) or value
        texts = (_field(record, name) for name in self._rule.search)
        return next((word for text in texts if text and (word := self._found(text))), None)

    def _found(self, text: str) -> str | None:
        if word := self._finder.value(text):
            return word
        spans = self._finder.spans(tokens(text))
        words = {word for _, _, word in spans}
        if not words or (self._rule.pick == "only one" and len(words) > 1):
            return None
        if self._rule.pick == "last in text":
            return spans[-1][2]
        return min(words, key=self._finder.rank)


def _field(record: ProductRecord | Product, name: str) -> str | None:
    if name.startswith("attributes."):
        return record.attributes.get(name.removeprefix("attributes."))
    if name == "category":
        return record.category[-1] if record.category else None
    value = getattr(record, name)
    return None if value is None else str(value)


def encode_words(values: Iterable[str | None]) -> tuple[Int64, tuple[str, ...]]:
    """Codes ``(N,)`` of words, counted in order of appearance, and the words; -1 for None."""
    known: dict[str, int] = {}
    codes = [UNKNOWN if value is None else known.setdefault(value, len(known)) for value in values]
    return np.asarray(codes, dtype=np.int64), tuple(known)


def joint_codes(columns: Sequence[Int64]) -> Int64:
    """Codes ``(N,)``, equal where all of the columns ``(N,)`` are; -1 where one of them is."""
    stacked = np.stack(columns, axis=1)
    known = (stacked != UNKNOWN).all(axis=1)
    codes = np.full(len(stacked), UNKNOWN, dtype=np.int64)
    if known.any():
        codes[known] = np.unique(stacked[known], axis=0, return_inverse=True)[1].reshape(-1)
    return codes
