"""Options that several commands take."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import click

from catalog.console import split_pair
from catalog.sources import FORMATS

F = TypeVar("F", bound=Callable[..., object])


def source_options(command: F) -> F:
    """Adds the options that say how a source is read.

    The command gets ``format_``, ``columns`` (see `column_pairs`), ``encoding`` and ``name``.
    """
    options = (
        click.option(
            "--format",
            "format_",
            type=click.Choice(FORMATS),
            default="auto",
            help="Format of the source; auto detects it.",
        ),
        click.option(
            "--columns",
            multiple=True,
            metavar="FIELD=COLUMN",
            callback=lambda _context, _option, columns: column_pairs(columns),
            help="Which column holds which field, such as id=sku,title=name. Columns with the "
            "usual names of feeds are found without it.",
        ),
        click.option("--encoding", help="Encoding of a text file that is not UTF-8: cp1252, ..."),
        click.option("--name", help="Name of the source. Default: its file or folder name."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def column_pairs(columns: Iterable[str]) -> dict[str, str]:
    """``--columns`` as a mapping of fields to columns.

    Raises:
        click.BadParameter: a part is not FIELD=COLUMN.
    """
    parts = (part for option in columns for part in option.split(",") if part.strip())
    return dict(split_pair(part, "FIELD=COLUMN", "id=sku", "--columns") for part in parts)
