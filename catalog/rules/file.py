"""Rules as a CSV file: a row per rule, a column per field, ``where`` as JSON.

Reading a written file yields exactly the same rules. Cells that a spreadsheet would take for a
formula are written with a quote in front, which is removed when they are read.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from catalog.errors import RuleError, RuleFileError, SourceError
from catalog.rules.rule import FIELDS, Rule
from catalog.sources.base import Row, RowError
from catalog.sources.rows.text_file import csv_rows, detect_delimiter, read_csv, scan
from catalog.spreadsheet import SpreadsheetWriter, unescape_formula

MAX_BYTES = 20_000_000
MAX_SHOWN = 20  # errors in one message
REQUIRED_COLUMNS = ("rule_id", "action")


def write_rules(stream: TextIO, rules: Iterable[Rule]) -> None:
    """Writes a header and a row per rule. Open files with ``newline=""``."""
    writer = SpreadsheetWriter(stream, FIELDS, line_end="\n")
    for rule in rules:
        values = rule.as_json()
        if "where" in values:
            values["where"] = json.dumps(values["where"], ensure_ascii=False)
        writer.write(values.get(name, "") for name in FIELDS)


def read_rules(path: Path) -> list[Rule]:
    """The rules of a file, in its order.

    Columns may come in any order; those that no rule uses may be left out. Separator and encoding
    are detected as in catalogue files.

    Raises:
        RuleFileError: it cannot be read, or has errors, which are listed with their lines.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RuleFileError(f"{path} is over {MAX_BYTES / 1e6:.0f} MB; split it.")
        encoding, _ = scan(path)
        delimiter = detect_delimiter(path, encoding)
        header, rows = read_csv(path, encoding, delimiter)
        _check_repeated(path, next(csv_rows(path, encoding, delimiter))[2])
    except OSError as error:
        raise RuleFileError(f"{path} cannot be read: {error.strerror}.") from error
    except SourceError as error:
        raise RuleFileError(str(error)) from error
    _check_header(path, header)
    return _all_or_none(path, rows)


def _check_repeated(path: Path, cells: list[str] | RowError) -> None:
    """A feed may repeat a column, as its values are joined; a rule has one value for each."""
    names = [] if isinstance(cells, RowError) else [cell.strip() for cell in cells if cell.strip()]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise RuleFileError(
            f"{path} has several columns of the same name: {', '.join(repeated)}. Keep one of each."
        )


def _check_header(path: Path, header: list[str]) -> None:
    unknown = [repr(name) for name in header if name not in FIELDS]
    if unknown:
        raise RuleFileError(
            f"{path} has columns that rules do not have: {', '.join(unknown[:MAX_SHOWN])}. "
            f"Columns are {', '.join(FIELDS)}."
        )
    missing = [name for name in REQUIRED_COLUMNS if name not in header]
    if missing:
        raise RuleFileError(f"{path} has no column {' and no column '.join(missing)}.")


def _all_or_none(path: Path, rows: Iterator[tuple[int, Row | RowError]]) -> list[Rule]:
    rules: list[Rule] = []
    lines: dict[str, int] = {}
    problems: list[str] = []
    for line, row in rows:
        try:
            rule = _rule(row)
        except (RuleError, RowError) as error:
            problems.append(f"line {line}: {error}")
            continue
        first = lines.setdefault(rule.rule_id, line)
        if first != line:
            problems.append(
                f"line {line}: the rule_id {rule.rule_id!r} is on line {first} already; "
                "each must be unique"
            )
        rules.append(rule)
    if problems:
        more = f"; and {len(problems) - MAX_SHOWN:,} more" if len(problems) > MAX_SHOWN else ""
        raise RuleFileError(
            f"Nothing of {path} was imported: {'; '.join(problems[:MAX_SHOWN])}{more}",
            tuple(problems),
        )
    return rules


def _rule(row: Row | RowError) -> Rule:
    if isinstance(row, RowError):
        raise row
    values: dict[str, object] = {name: unescape_formula(str(cell)) for name, cell in row.items()}
    if where := str(values.pop("where", "")).strip():
        try:
            values["where"] = json.loads(where)
        except (ValueError, RecursionError):
            raise RuleError(
                "bad-type",
                "where",
                f"Rule {values.get('rule_id', '')!r}: where {where[:40]!r} is not JSON; "
                'write something like {"brand": "Ours", "colour": ["red", "pink"]}.',
            ) from None
    return Rule.of(values)
