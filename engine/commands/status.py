"""``lookalike status``, as lines for people or as JSON."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from catalog.console import json_option, plain_errors
from catalog.text import counted
from engine.errors import EngineError
from engine.operations.leading import Leader
from engine.operations.status import Status, take_status
from engine.operations.watch_state import WatchState
from engine.settings import EngineSettings

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@click.command("status")
@json_option
@plain_errors(EngineError)
def status_command(as_json: bool) -> None:
    """Show what is ingested, embedded and published, what is pending, and what to run next."""
    status = take_status(EngineSettings())
    if as_json:
        click.echo(json.dumps(status.as_json(), ensure_ascii=False))
        return
    for line in format_status(status):
        click.echo(line)


def format_status(status: Status) -> Iterator[str]:
    """A status as lines for people."""
    if status.catalogue:
        yield f"Catalogue:  {_counts(status.catalogue)}"
    for source in status.sources:
        age = "never read to its end" if source.age_seconds is None else _ago(source.age_seconds)
        yield f"Source:     {source.name}, {counted(source.products, 'product')}, {age}"
    waiting = {name: count for name, count in status.backlog.items() if count}
    if status.backlog:
        yield f"Backlog:    {_counts(waiting) or 'nothing waits'}"
    if status.generation:
        yield (
            f"Generation: {status.generation}, {_ago(status.generation_age_seconds)}, "
            f"{counted(status.indexed_products, 'product')} of "
            f"{counted(status.indexed_photos, 'photo')}, recall@10 {status.recall_at_10:.4f}"
        )
        if status.delta:
            yield (
                f"Delta:      {status.delta.name}, {counted(status.delta.products, 'product')}, "
                f"{status.delta.gone:,} gone, {status.delta.share:.1%} of the generation"
            )
        yield (
            f"Encoder:    {status.encoder} ({status.fingerprint[:12]}), "
            f"{counted(status.cached_vectors, 'vector')} cached"
        )
    if status.map:
        again = ": lookalike map makes it again" if status.map.is_stale else ""
        yield f"Map:        {status.map}, made {_ago(status.map.age_seconds)}{again}"
    if status.watch:
        yield from _watch_lines(status.watch)
    if status.leaders is not None:
        yield from _leader_lines(status.leaders)
    for reason in status.stale:
        yield f"{'Stale:' if status.generation else 'Note:':<12}{reason}"
    yield f"Next:       {status.next_step}"


def _watch_lines(watch: WatchState) -> Iterator[str]:
    now = datetime.now(UTC)
    if watch.started is None:
        return
    what = watch.source or "webhooks only"
    if watch.ended is None:
        last = f"cycle begun {_ago((now - watch.started).total_seconds())} and not ended"
    else:
        took = (watch.ended - watch.started).total_seconds()
        last = f"last cycle {_ago((now - watch.ended).total_seconds())}, took {took:.1f} s"
    yield f"Watch:      {what}, every {watch.every:g} s; {last}"
    for name, stage in watch.stages.items():
        if stage.failures:
            since = "never"
            if stage.last_success:
                since = _ago((now - stage.last_success).total_seconds())
            yield (
                f"Failing:    {name}, {stage.failures:,} times in a row, last success {since}: "
                f"{stage.error}"
            )


def _leader_lines(leaders: tuple[Leader, ...]) -> Iterator[str]:
    """Which watches lead, of those of all homes that share the index."""
    if not leaders:
        yield "Leading:    none; no `lookalike watch` of this index runs"
    for one in leaders:
        machine, _, process = one.process.partition(":")
        begun = ""
        if one.since:
            seconds = (datetime.now(UTC) - datetime.fromisoformat(one.since)).total_seconds()
            begun = f", since {one.since} ({_ago(seconds)})"
        yield (
            f"Leading:    the watch on {machine}, process {process.partition(':')[0]}{begun}; its "
            f"lease ends in {one.lease_seconds:.0f} s unless it is renewed"
        )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())


def _ago(seconds: float) -> str:
    for size, unit in UNITS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(0.0, seconds):.0f} s ago"
