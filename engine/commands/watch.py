"""``lookalike watch``: keeps catalogue and index true, cycle after cycle."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from catalog.commands.catalogue import column_pairs
from catalog.console import plain_errors
from catalog.lock import exclusive_lock
from catalog.settings import CatalogSettings
from catalog.sources import FORMATS
from engine.encoders import loading
from engine.encoders.encoder import Encoder
from engine.errors import EngineError
from engine.operations.watch import Feed, Watch
from engine.settings import EngineSettings


@click.command("watch")
@click.argument("source", required=False)
@click.option(
    "--every",
    type=click.FloatRange(min=1, max=7 * 86_400),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="From one cycle's start to the next.",
)
@click.option("--once", is_flag=True, help="One cycle; the exit status says whether all went well.")
@click.option("--no-sync", is_flag=True, help="Do not retire what the source no longer has.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="auto", help="As ingest.")
@click.option("--columns", multiple=True, metavar="FIELD=COLUMN", help="As ingest.")
@click.option("--encoding", help="As ingest.")
@click.option("--name", help="As ingest.")
@plain_errors(EngineError, OSError)
def watch_command(
    source: str | None,
    every: float,
    once: bool,
    no_sync: bool,
    format_: str,
    columns: tuple[str, ...],
    encoding: str | None,
    name: str | None,
) -> None:
    """Keep catalogue and index up to SOURCE: ingest, apply webhooks, fetch photos, embed, publish.

    Without SOURCE, only webhooks tell what changed. A new product is found within one cycle. What
    fails is told and tried again, while the rest goes on. SIGTERM or Ctrl-C ends it between two
    batches, a second one at once.
    """
    if source == "-":
        raise click.BadParameter("standard input can be read only once.", param_hint="SOURCE")
    feed = None
    if source is not None:
        pairs = column_pairs(columns)
        feed = Feed(source, not no_sync, format_, pairs, encoding, name)
    caps, settings = CatalogSettings(), EngineSettings()
    stopping = threading.Event()
    with exclusive_lock(caps.resolved_home / "watch.lock", "watch"), _until_told(stopping):
        watch = Watch(
            feed,
            lambda: encoder_of(settings),
            every=every,
            settings=settings,
            caps=caps,
            tell=_tell,
            stopping=stopping,
        )
        if not once:
            watch.run()
            return
        cycle = watch.cycle(patient=False)
        watch.close()
        _tell(cycle.told)
    if not cycle.well:
        sys.exit(1)


def encoder_of(settings: EngineSettings) -> Encoder:
    """The encoder that the settings name, and a line that says which."""
    loaded = loading.load(settings)
    _tell(f"Encoder: {loaded.name} ({loaded.fingerprint[:12]})")
    return loaded


def _tell(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()  # into a log file, too, as it happens


@contextmanager
def _until_told(stopping: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT ask to stop; the second of a kind does what it always does."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def ask(number: int, _: object) -> None:
        stopping.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
