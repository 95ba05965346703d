"""A shop's own label rules, from a TOML file, which change or extend those of the engine.

[[label]]
column = "colour"                     # an existing column: these keys replace its own
fields = ["attributes.farbe", "colour"]
words = { "navy blue" = ["marine", "nachtblau"] }    # synonyms, added to the existing ones

[[label]]
column = "fabric"                     # a new column
fields = ["attributes.fabric"]
facets = ["pattern"]
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields as fields_of
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from catalog.frozen_dict import FrozenDict
from catalog.records import ProductRecord
from engine.errors import SettingsError
from engine.labels.labels import RULES, LabelRule, Pick
from engine.labels.vocabulary import Words
from engine.toml_file import read_toml

FACETS = ("shape", "colour", "pattern")

_KEYS = tuple(entry.name for entry in fields_of(LabelRule))
_LISTS = ("fields", "search", "facets", "of")
_TEXTS = {entry.name for entry in fields_of(ProductRecord)} - {"line", "photos", "attributes"}


def read_rules(path: Path, base: Sequence[LabelRule] = RULES) -> tuple[LabelRule, ...]:
    """The rules of ``base``, changed and extended by the tables of a TOML file.

    Raises:
        SettingsError: the file is missing, is not TOML, or has an invalid table; the message
            names the file, the table and what is allowed.
    """
    content = read_toml(path, "the label rules")
    rows = content.get("label")
    if content.keys() != {"label"} or not isinstance(rows, list) or not rows:
        raise SettingsError(f"The label rules {path} must hold [[label]] tables and nothing else.")
    rules = {rule.column: rule for rule in base}
    for number, row in enumerate(rows, start=1):
        where = f"{path}, [[label]] number {number}"
        column = row.get("column") if isinstance(row, dict) else None
        if not isinstance(column, str) or not column:
            raise SettingsError(f'{where}: give it a name, as in column = "fabric".')
        rules[column] = _change(rules.get(column, LabelRule(column)), row, where)
    _check_joined(tuple(rules.values()), path)
    return tuple(rules.values())


def _change(rule: LabelRule, row: Mapping[str, Any], where: str) -> LabelRule:
    unknown = sorted(row.keys() - set(_KEYS))
    if unknown:
        raise SettingsError(f"{where}: unknown key {unknown[0]!r}; use {', '.join(_KEYS)}.")
    changes: dict[str, Any] = {name: _texts(row, name, where) for name in _LISTS if name in row}
    if "words" in row:
        changes["words"] = _merge_words(rule.words, row["words"], where)
    if "pick" in row:
        changes["pick"] = _one_of(row["pick"], get_args(Pick), f"{where}: pick")
    for facet in changes.get("facets", ()):
        _one_of(facet, FACETS, f"{where}: facets")
    for name in (*changes.get("fields", ()), *changes.get("search", ())):
        if not name.startswith("attributes."):
            _one_of(name, (*sorted(_TEXTS), "attributes.NAME"), f"{where}: fields and search")
    new = replace(rule, **changes)
    if not (new.fields or new.search or new.of):
        raise SettingsError(f"{where}: give fields, search or of, from which it is read.")
    return new


def _texts(row: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = row[name]
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise SettingsError(f'{where}: {name} must be a list of texts, as in ["title"].')
    return tuple(value)


def _one_of(value: object, allowed: Sequence[str], what: str) -> object:
    if value not in allowed or value == "attributes.NAME":
        raise SettingsError(f"{what}: {value!r} is none of {', '.join(allowed)}.")
    return value


def _merge_words(words: Words, more: object, where: str) -> Words:
    if not isinstance(more, dict):
        raise SettingsError(f'{where}: words must look like {{ "navy blue" = ["marine"] }}.')
    merged = dict(words)
    for word in more:
        merged[word] = (*merged.get(word, ()), *_texts(more, word, f"{where}: words"))
    return FrozenDict(merged)


def _check_joined(rules: Sequence[LabelRule], path: Path) -> None:
    above: list[str] = []
    for rule in rules:
        for name in rule.of:
            _one_of(name, above, f"{path}, column {rule.column!r}: of")
        above.append(rule.column)
