"""``lookalike hooks``: applies what Shopify told and shows what is left; joins ``lookalike``."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from catalog.console import plain_errors
from catalog.database.database import Database
from catalog.hooks.apply import HookReport, apply_pending
from catalog.hooks.queue import FailedDelivery, HookQueue
from catalog.settings import CatalogSettings
from catalog.utc import utc_now


@click.command("hooks")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--show", is_flag=True, help="Apply nothing: only show what waits and is parked.")
@click.option("--retry", type=int, multiple=True, metavar="NUMBER", help="Try a parked one anew.")
@click.option("--retry-all", is_flag=True, help="Try all parked ones anew.")
@plain_errors()
def hooks_command(as_json: bool, show: bool, retry: tuple[int, ...], retry_all: bool) -> None:
    """Apply the webhooks of Shopify's that wait, and list those that failed.

    The server applies each as it comes; this goes over what is left, such as what came while the
    server was stopped, or failed.
    """
    settings = CatalogSettings()
    with Database.open(settings) as database:
        queue = HookQueue(database)
        if retry or retry_all:
            anew = queue.retry(None if retry_all else retry, utc_now())
            click.echo(
                f"{anew:,} parked before {'is' if anew == 1 else 'are'} tried anew.", err=True
            )
        limit = 0 if show else None
        report = apply_pending(database, settings, limit=limit)
        oldest, troubles = queue.backlog().oldest, queue.failed_deliveries()
    if as_json:
        said = asdict(report) | {
            "oldest": oldest.isoformat() if oldest else None,
            "troubles": [
                asdict(one) | {"received_at": one.received_at.isoformat()} for one in troubles
            ],
        }
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    _tell(report, troubles)


def _tell(report: HookReport, troubles: Sequence[FailedDelivery]) -> None:
    click.echo(
        f"Webhooks: {report.applied:,} applied, {report.skipped:,} skipped, "
        f"{report.failed:,} failed; {report.waiting:,} waiting, {report.parked:,} parked"
    )
    for one in troubles:
        tries = "try" if one.tries == 1 else "tries"
        click.echo(
            f"{one.id}\t{one.topic}\t{one.state} after {one.tries} {tries}\t"
            f"{one.received_at:%Y-%m-%d %H:%M}\t{one.reason}"
        )
    if report.parked:
        click.echo("Next: lookalike hooks --retry NUMBER, once its cause is gone")


COMMANDS: list[click.Command] = [hooks_command]
