"""Helpers that all commands share: errors on one line, notes, options and progress bars."""

import functools
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn, ParamSpec, Protocol, TypeVar

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
from catalog.validation import problem

P = ParamSpec("P")
R = TypeVar("R")
SECRET = re.compile(
    "_(KEY|TOKEN|SECRET|PASSWORD|URL|RATE_STORAGE)$"
)  # settings whose value is not shown
MAX_VALUE = 100  # characters of a value that a message shows

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class ShowProgress(Protocol):
    """Updates a progress bar; ``total`` is None while it is not known."""

    def __call__(self, done: int, total: int | None, note: str = "") -> None:
        """Shows that ``done`` of ``total`` are done."""


def fail(error: Exception | str) -> NoReturn:
    """Prints an error as one line on stderr and exits with status 1."""
    message = " ".join(str(error).split())
    click.echo(f"{click.style('Error:', fg='red')} {message}", err=True)
    sys.exit(1)


def note(message: str) -> None:
    """Prints a note to stderr."""
    click.echo(f"Note: {message}", err=True)


def plain_errors(*kinds: type[Exception]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator for commands that passes errors to `fail`.

    Args:
        kinds: the errors, besides `CatalogError` and invalid settings.
    """
    caught: tuple[type[Exception], ...] = (CatalogError, *kinds)

    def decorate(command: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(command)
        def run(*args: P.args, **options: P.kwargs) -> R:
            try:
                return command(*args, **options)
            except ValidationError as error:
                fail(_invalid_settings(error))
            except caught as error:
                fail(error)

        return run

    return decorate


def split_pair(
    text: str, form: str, example: str, option: str, empty_value: bool = False
) -> tuple[str, str]:
    """The two sides of an option's ``NAME=VALUE``, without blanks around them.

    Args:
        text: the option's value.
        form: its form, for the message, such as "FIELD=VALUE".
        example: an example, for the message.
        option: the option's name, for the message.
        empty_value: whether nothing may follow the ``=``.

    Raises:
        click.BadParameter: a side is missing.
    """
    name, sign, value = (part.strip() for part in text.partition("="))
    if not sign or not (empty_value or (name and value)):
        raise click.BadParameter(f"{text!r} is not {form}, such as {example}.", param_hint=option)
    return name, value


def progress_bar(unit: str = "") -> Progress:
    """A progress bar on stderr with count and times, to be used as a context manager.

    It shows nothing where stderr is not a terminal.
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


@contextmanager
def progress(label: str, unit: str) -> Iterator[ShowProgress]:
    """A progress bar with one task, its rate and a note.

    Args:
        label: the task, such as "Fetch".
        unit: what is counted, such as "photos".

    Yields:
        A function that updates the bar.
    """
    with progress_bar(unit) as bar:
        task = bar.add_task(label, total=None)

        def show(done: int, total: int | None, note: str = "") -> None:
            rate = bar.tasks[0].speed
            details = ", ".join(filter(None, (f"{rate:,.0f}/s" if rate else "", note)))
            description = f"{label} ({details})" if details else label
            bar.update(task, completed=done, total=total, description=description)

        yield show


def _invalid_settings(error: ValidationError) -> str:
    settings = []
    for one in error.errors():
        name = f"LOOKALIKE_{'_'.join(str(part) for part in one['loc']).upper()}"
        # A message ends up in a log, and a key that is refused differs little from the right one.
        value = "" if SECRET.search(name) else f"={str(one['input'])[:MAX_VALUE]!r}"
        settings.append(f"{name}{value}: {problem(one)}")
    return f"Invalid setting: {'; '.join(settings)}."
