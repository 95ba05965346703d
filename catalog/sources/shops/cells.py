"""Cells that the exports of shop systems have in common: categories, dates, yes and no."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from catalog.vocabulary.values import clean

NamedRow = Mapping[str, object]  # normal column name -> cell, see `catalog.sources.rows.columns`
DATE_FORMS = ("%m/%d/%y", "%m/%d/%Y", "%m/%d/%y %H:%M", "%m/%d/%Y %H:%M", "%d.%m.%Y")
NO = frozenset({"0", "no", "n", "false", "-1", "2", "disabled", "nein", "non"})


def cell(row: NamedRow, *names: str) -> str | None:
    """The first cell of some columns that is not empty."""
    return next((text for name in names if (text := clean(row.get(name)))), None)


def is_no(text: str | None) -> bool:
    """Whether a cell says no, as shop systems write it; an empty one does not."""
    return text is not None and text.casefold() in NO


def categories_of(text: str | None, between: str, levels: str) -> list[list[str]]:
    """The paths in a cell, those with the most levels first.

    Args:
        text: the cell.
        between: what stands between paths; with a backslash before it, it is text.
        levels: likewise between the names of a path.
    """
    paths = []
    for path in _split(text or "", between):
        names = [name for part in _split(path, levels) if (name := clean(part))]
        if names:
            paths.append(names)
    return sorted(paths, key=lambda names: -len(names))


def category_values(paths: list[list[str]]) -> tuple[list[str] | None, dict[str, str]]:
    """The category, and all of several as an attribute."""
    if not paths:
        return None, {}
    listed = " | ".join(" > ".join(path) for path in paths)
    return paths[0], {"categories": listed} if len(paths) > 1 else {}


def list_of(text: str | None, between: str = ",") -> list[str]:
    """The parts of a cell with a list, such as photos."""
    return [part for one in (text or "").split(between) if (part := one.strip())]


def sale_window(starts: str | None, ends: str | None) -> str | None:
    """The dates of a sale as ISO 8601 with a slash between them; None without dates."""
    if starts is None and ends is None:
        return None
    return f"{_iso(starts)}/{_iso(ends)}"


def _iso(text: str | None) -> str:
    if text is None:
        return ""
    for form in DATE_FORMS:
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ" if "%H" in form else "%Y-%m-%d")
    return text


def _split(text: str, sign: str) -> Iterable[str]:
    parts = re.split(rf"(?<!\\){re.escape(sign)}", text)
    return (part.replace(f"\\{sign}", sign) for part in parts)
