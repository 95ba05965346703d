"""Shows the steps of making a map: a bar on a terminal, lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from catalog.console import progress
from engine.applications.map.progress import Report

EVERY = 15.0  # seconds between two lines


@contextmanager
def watched(label: str, unit: str) -> Iterator[Report]:
    """A stage whose rate and time left are shown; see `engine.applications.map.progress`."""
    if sys.stderr.isatty():
        with progress(label, unit) as show:
            yield show
        return
    click.echo(f"{label} ...", err=True)
    began = shown = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= EVERY and done < total:
            shown = now
            click.echo(line(label, unit, done, total, now - began), err=True)

    yield report


def line(label: str, unit: str, done: int, total: int, seconds: float) -> str:
    """What is done after some seconds, at which rate, and how long the rest takes at that."""
    rate = done / seconds
    left = (total - done) / rate if rate else 0.0
    return f"{label}: {done:,} of {total:,} {unit}, {rate:,.1f}/s, {left:,.0f} s left"
