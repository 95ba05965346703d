"""What our commands share: errors as one line, a progress bar on the terminal."""

import functools
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from catalog.errors import CatalogError

Command = TypeVar("Command", bound=Callable[..., Any])


def fail(error: Exception | str) -> NoReturn:
    """Say what went wrong on one line of stderr, and end with status 1."""
    message = " ".join(str(error).split())
    click.echo(f"{click.style('Error:', fg='red')} {message}", err=True)
    sys.exit(1)


def plain_errors(*kinds: type[Exception]) -> Callable[[Command], Command]:
    """Decorate a command: these errors, the catalogue's and wrong settings end it with `fail`."""

    caught: tuple[type[Exception], ...] = (CatalogError, *kinds)

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def run(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the command takes
            try:
                return command(*args, **options)
            except ValidationError as error:
                fail(_wrong_settings(error))
            except caught as error:
                fail(error)

        return run  # type: ignore[return-value]  # wraps keeps the signature

    return decorate


def progress_bar(unit: str = "") -> Progress:
    """A bar on stderr, with count, time and time left; only a line a task where nobody watches.

    Use it as a context manager.
    """
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def _wrong_settings(error: ValidationError) -> str:
    wrong = (
        f"LOOKALIKE_{'_'.join(str(part) for part in one['loc']).upper()}={one['input']!r}: "
        f"{one['msg']}"
        for one in error.errors()
    )
    return f"A setting makes no sense: {'; '.join(wrong)}."
