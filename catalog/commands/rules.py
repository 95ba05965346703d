"""The commands for the shop's rules; `COMMANDS` joins them to ``lookalike``."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from catalog.console import plain_errors
from catalog.database.database import Database
from catalog.rules.book import RuleBook
from catalog.rules.file import write_rules
from catalog.rules.rule import Action, Rule
from catalog.rules.values import moment_of

STANDARD_OUTPUT = Path("-")


@click.group("rules")
def rules_command() -> None:
    """What the shop wants its panels to show: pin, block, boost, bury, include, exclude, same."""


@rules_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one rule a line.")
@click.option("--at", metavar="TIME", help="Only those in force then; now is a time, too.")
@plain_errors()
def list_command(as_json: bool, at: str | None) -> None:
    """List the rules, the narrowest scope first."""
    now = datetime.now(UTC)
    moment = now if at in (None, "now") else moment_of("--at", "time", at)
    with Database.open() as database:
        rules = RuleBook(database).current()
    _warn(rules.problems)
    for rule in rules.rules:
        active = rule.in_force(moment or now)
        if at is not None and not active:
            continue
        if as_json:
            click.echo(json.dumps(rule.as_json(), ensure_ascii=False))
        else:
            click.echo("\t".join(_told(rule, now)))
    if not rules.rules:
        click.echo("There are no rules. Add one with `lookalike rules add`.", err=True)


@rules_command.command("add")
@click.argument("rule_id")
@click.argument("action", type=click.Choice([str(action) for action in Action]))
@click.option("--product", "product_id", metavar="ID", help="pin, block, boost, bury: which.")
@click.option(
    "--where",
    multiple=True,
    metavar="FIELD=VALUE",
    help="boost, bury, include, exclude: which products, such as brand=Ours or "
    "attributes.sleeve=long. Of one field, any will do; of several, all must hold.",
)
@click.option("--field", help="same: what a result shares with the product viewed, such as brand.")
@click.option("--position", help="pin: the place, from 1.")
@click.option("--amount", help="boost, bury: what is added to or taken from the cosine.")
@click.option("--category", help='Only for products viewed in it, such as "Tops > T-shirts".')
@click.option("--seed", metavar="ID", help="Only for this product viewed.")
@click.option("--starts", metavar="TIME", help="2026-11-27 or 2026-11-27T18:00:00Z; UTC.")
@click.option("--ends", metavar="TIME", help="The first moment at which it holds no more.")
@click.option("--replace", is_flag=True, help="Put it in the place of the rule of this name.")
@plain_errors()
def add_command(where: Sequence[str], replace: bool, **values: str | None) -> None:
    """Add the rule RULE_ID, a name of your own, that does ACTION."""
    rule = Rule.of({**values, "where": _filter(where) or None})
    with Database.open() as database:
        _warn(RuleBook(database).add(rule, replace))
    click.echo("\t".join(_told(rule, datetime.now(UTC))))


@rules_command.command("remove")
@click.argument("rule_ids", metavar="RULE_ID...", nargs=-1, required=True)
@plain_errors()
def remove_command(rule_ids: tuple[str, ...]) -> None:
    """Remove rules; if one is unknown, none is removed."""
    with Database.open() as database:
        RuleBook(database).remove(rule_ids)
    count = len(set(rule_ids))
    click.echo(f"Removed {count:,} {'rule' if count == 1 else 'rules'}.")


@rules_command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Also remove the rules that the file does not have.")
@plain_errors()
def import_command(file: Path, replace: bool) -> None:
    """Take over the rules of a CSV file, as `lookalike rules export` writes it: all or none."""
    with Database.open() as database:
        done = RuleBook(database).import_csv(file, replace)
    _warn(done.warnings)
    click.echo(
        f"{file}: {done.added:,} added, {done.changed:,} changed, {done.unchanged:,} unchanged, "
        f"{done.removed:,} removed"
    )


@rules_command.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@plain_errors(OSError)
def export_command(file: Path) -> None:
    """Write every rule to a CSV file; - is standard output."""
    with Database.open() as database:
        book = RuleBook(database)
        _warn(book.current().problems)
        if file == STANDARD_OUTPUT:
            write_rules(sys.stdout, book.all())
            return
        count = book.export_csv(file)
    click.echo(f"{file} has {count:,} rules.")


COMMANDS: list[click.Command] = [rules_command]


def _filter(where: Iterable[str]) -> dict[str, object]:
    """What `Filter.of` takes, from FIELD=VALUE; a field that comes twice has several values."""
    wanted: dict[str, object] = {}
    for pair in where:
        field, sign, value = pair.partition("=")
        if not sign or not field.strip() or not value.strip():
            raise click.BadParameter(
                f"{pair!r} is not FIELD=VALUE, such as brand=Ours.", param_hint="--where"
            )
        before = wanted.get(field.strip())
        listed = [] if before is None else before if isinstance(before, list) else [before]
        wanted[field.strip()] = [*listed, value.strip()] if listed else value.strip()
    return wanted


def _told(rule: Rule, now: datetime) -> tuple[str, ...]:
    """Name, action, to what, where, and when, as cells."""
    said = rule.as_json()
    where = ", ".join(
        f"{field}={'|'.join(map(str, value)) if isinstance(value, list) else _plain(value)}"
        for field, value in (rule.where.as_json() if rule.where else {}).items()
    )
    what = rule.product_id or where or f"{rule.field} as viewed"
    if rule.position is not None:
        what += f" at {rule.position}"
    if rule.amount is not None:
        what += f" by {rule.amount:g}"
    scope = f"seed {rule.seed}" if rule.seed else rule.category or "everywhere"
    times = " ".join(f"{name} {said[name]}" for name in ("starts", "ends") if name in said)
    state = "in force" if rule.in_force(now) else "not in force"
    return rule.rule_id, str(rule.action), what, scope, ", ".join(filter(None, (state, times)))


def _plain(value: object) -> str:
    """A value as it is written in a filter: true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        click.echo(f"Note: {warning}", err=True)
