"""The command ``hooks``: applies Shopify webhooks and lists those that failed."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from catalog.console import json_option, plain_errors
from catalog.database.database import Database
from catalog.hooks.apply import HookReport, apply_pending
from catalog.hooks.queue import FailedDelivery, HookQueue
from catalog.settings import CatalogSettings


@click.command("hooks")
@json_option
@click.option("--show", is_flag=True, help="Apply nothing; list waiting and parked webhooks.")
@click.option(
    "--retry", type=int, multiple=True, metavar="NUMBER", help="Retry a webhook that failed, now."
)
@click.option("--retry-all", is_flag=True, help="Retry all webhooks that failed.")
@plain_errors()
def hooks_command(as_json: bool, show: bool, retry: tuple[int, ...], retry_all: bool) -> None:
    """Apply the waiting Shopify webhooks and list those that failed.

    The server applies each webhook when it arrives. This command applies the rest: those that
    failed, and those that arrived while the server could not apply them.
    """
    settings = CatalogSettings()
    with Database.open(settings) as database:
        queue = HookQueue(database)
        if retry or retry_all:
            retried = queue.retry(None if retry_all else retry, queue.now())
            noun = "webhook" if retried == 1 else "webhooks"
            click.echo(f"Retrying {retried:,} failed {noun}.", err=True)
        limit = 0 if show else None
        report = apply_pending(database, settings, limit=limit)
        oldest, failed = queue.backlog().oldest, queue.failed_deliveries()
    if as_json:
        values = asdict(report) | {
            "oldest": oldest.isoformat() if oldest else None,
            "troubles": [
                asdict(one) | {"received_at": one.received_at.isoformat()} for one in failed
            ],
        }
        click.echo(json.dumps(values, ensure_ascii=False))
        return
    _print(report, failed)


def _print(report: HookReport, failed: Sequence[FailedDelivery]) -> None:
    click.echo(
        f"Webhooks: {report.applied:,} applied, {report.skipped:,} skipped, "
        f"{report.failed:,} failed; {report.waiting:,} waiting, {report.parked:,} parked"
    )
    for one in failed:
        tries = "try" if one.tries == 1 else "tries"
        click.echo(
            f"{one.id}\t{one.topic}\t{one.state} after {one.tries} {tries}\t"
            f"{one.received_at:%Y-%m-%d %H:%M}\t{one.reason}"
        )
    if report.parked:
        click.echo("Next: fix the cause, then run lookalike hooks --retry NUMBER")


COMMANDS: list[click.Command] = [hooks_command]
