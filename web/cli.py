"""The `lookalike` command: the commands of all packages, and `serve`."""

from typing import Any

import click

from catalog.commands.catalogue import COMMANDS as CATALOG_COMMANDS
from catalog.commands.fetch import COMMANDS as FETCH_COMMANDS
from catalog.commands.report import COMMANDS as REPORT_COMMANDS
from catalog.commands.rules import COMMANDS as RULES_COMMANDS
from catalog.commands.webhooks import COMMANDS as HOOKS_COMMANDS
from catalog.console import plain_errors
from engine.commands.applications.all import COMMANDS as APPLICATION_COMMANDS
from engine.commands.calibrate import COMMANDS as CALIBRATE_COMMANDS
from engine.commands.evaluate import COMMANDS as EVALUATE_COMMANDS
from engine.commands.index import COMMANDS as ENGINE_COMMANDS
from engine.commands.train import COMMANDS as TRAINING_COMMANDS
from engine.commands.train_heads import COMMANDS as HEADS_COMMANDS
from web.app.errors import WebError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lookalike", prog_name="lookalike")
def main() -> None:
    """Similar items by appearance, for fashion shops."""


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0: any free port.  [default: 8000]"
)
@click.option("--workers", type=click.IntRange(1, 64), help="Server processes.  [default: 2]")
@click.option("--access-log", is_flag=True, help="Log every request.")
@click.option("--reload", is_flag=True, help="Restart workers when code changes (for development).")
@plain_errors(WebError)
def serve(
    host: str | None, port: int | None, workers: int | None, access_log: bool, reload: bool
) -> None:
    """Serve the storefront and the JSON API."""
    from web.app.settings import WebSettings
    from web.server import run  # imports gunicorn, which no other command needs

    given: dict[str, Any] = {"host": host, "port": port, "web_workers": workers}
    settings = WebSettings(**{name: value for name, value in given.items() if value is not None})
    run(settings, access_log=access_log, reload=reload)


COMMANDS: list[click.Command] = [serve]

for command in (
    *CATALOG_COMMANDS,
    *FETCH_COMMANDS,
    *RULES_COMMANDS,
    *REPORT_COMMANDS,
    *HOOKS_COMMANDS,
    *ENGINE_COMMANDS,
    *APPLICATION_COMMANDS,
    *TRAINING_COMMANDS,
    *HEADS_COMMANDS,
    *EVALUATE_COMMANDS,
    *CALIBRATE_COMMANDS,
    *COMMANDS,
):
    main.add_command(command)


if __name__ == "__main__":  # as in `torchrun -m web.cli train`
    main()
