"""``lookalike watch``: keeps catalogue and index up to date, cycle after cycle."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from catalog.commands.options import source_options
from catalog.console import plain_errors
from catalog.lock import exclusive_lock
from catalog.settings import CatalogSettings
from engine.encoders import loading
from engine.encoders.encoder import Encoder
from engine.errors import EngineError
from engine.operations.watch import Watch
from engine.operations.watch_stages import Feed
from engine.settings import EngineSettings


@click.command("watch")
@click.argument("source", required=False)
@click.option(
    "--every",
    type=click.FloatRange(min=1, max=7 * 86_400),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Time from one cycle's start to the next.",
)
@click.option(
    "--once", is_flag=True, help="Run one cycle; the exit status is 1 if any stage failed."
)
@click.option("--no-sync", is_flag=True, help="Do not retire what the source no longer has.")
@click.option("--no-tidy", is_flag=True, help="Do not remove what is no longer needed.")
@source_options
@plain_errors(EngineError, OSError)
def watch_command(
    source: str | None,
    every: float,
    once: bool,
    no_sync: bool,
    no_tidy: bool,
    format_: str,
    columns: dict[str, str],
    encoding: str | None,
    name: str | None,
) -> None:
    """Keep catalogue and index up to date with SOURCE.

    Each cycle ingests SOURCE, applies webhooks, fetches photos, embeds and publishes what changed,
    so a new product is found within one cycle. Without SOURCE, products change by webhooks only.
    Once an hour it removes what `lookalike tidy` would.

    A stage that fails is reported and retried, while the others go on. SIGTERM or Ctrl-C ends the
    watch after the current batch, a second one at once.
    """
    if source == "-":
        raise click.BadParameter("standard input can be read only once.", param_hint="SOURCE")
    feed = None
    if source is not None:
        feed = Feed(source, not no_sync, format_, columns, encoding, name)
    caps, settings = CatalogSettings(), EngineSettings()
    stopping = threading.Event()
    with exclusive_lock(caps.resolved_home / "watch.lock", "watch"), _set_on_signal(stopping):
        watch = Watch(
            feed,
            lambda: load_encoder(settings),
            every=every,
            settings=settings,
            caps=caps,
            report=_print_line,
            stopping=stopping,
            tidy=not no_tidy,
        )
        if not once:
            watch.run()
            return
        cycle = watch.once()
        watch.close()
        _print_line(cycle.summary)
    if not cycle.ok:
        sys.exit(1)


def load_encoder(settings: EngineSettings) -> Encoder:
    """Load the encoder that the settings name, and print which one it is."""
    encoder = loading.load(settings)
    _print_line(f"Encoder: {encoder.name} ({encoder.fingerprint[:12]})")
    return encoder


def _print_line(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()  # so that it reaches a log file at once


@contextmanager
def _set_on_signal(stopping: threading.Event) -> Iterator[None]:
    """Set an event at the first SIGTERM or SIGINT; the second has its usual effect."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def stop(number: int, _: object) -> None:
        stopping.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
