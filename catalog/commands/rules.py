"""The commands ``rules ...``: list, add, remove, import and export merchandising rules."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import click

from catalog.console import note, plain_errors, split_pair
from catalog.database.database import Database
from catalog.rules.book import RuleBook
from catalog.rules.file import write_rules
from catalog.rules.rule import Action, Rule
from catalog.rules.values import moment_of
from catalog.text import counted
from catalog.utc import utc_now

STANDARD_OUTPUT = Path("-")


@click.group("rules")
def rules_command() -> None:
    """Manage merchandising rules: pin, block, boost, bury, include, exclude, same."""


@rules_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one rule per line.")
@click.option("--at", metavar="TIME", help="Only rules in force at this time; now is allowed.")
@plain_errors()
def list_command(as_json: bool, at: str | None) -> None:
    """List the rules, narrowest scope first."""
    now = utc_now()
    moment = now if at in (None, "now") else moment_of("--at", "time", at)
    with Database.open() as database:
        book = RuleBook(database)
        rules, idle = book.current(), book.idle()
    _print_notes(rules.problems)
    for rule in rules.rules:
        active = rule.in_force(moment or now)
        if at is not None and not active:
            continue
        if as_json:
            click.echo(json.dumps(rule.as_json(), ensure_ascii=False))
        else:
            click.echo("\t".join(_cells(rule, now, idle.get(rule.rule_id))))
    if not rules.rules:
        click.echo("There are no rules. Add one with `lookalike rules add`.", err=True)


@rules_command.command("add")
@click.argument("rule_id")
@click.argument("action", type=click.Choice([str(action) for action in Action]))
@click.option("--product", "product_id", metavar="ID", help="pin, block, boost, bury: the product.")
@click.option(
    "--where",
    multiple=True,
    metavar="FIELD=VALUE",
    help="boost, bury, include, exclude: the products, such as brand=Ours or "
    "attributes.sleeve=long. Any value of one field matches; all fields must match.",
)
@click.option("--field", help="same: the field that results share with the viewed product.")
@click.option("--position", help="pin: the position in the panel, from 1.")
@click.option("--amount", help="boost, bury: added to or subtracted from the cosine.")
@click.option("--category", help='Only in this category, such as "Tops > T-shirts".')
@click.option("--seed", metavar="ID", help="Only when this product is viewed.")
@click.option("--page", help="off: only on this page: product, wishlist, photo, history or cart.")
@click.option("--starts", metavar="TIME", help="Start in UTC: 2026-11-27 or 2026-11-27T18:00:00Z.")
@click.option("--ends", metavar="TIME", help="End in UTC, exclusive; in the same form.")
@click.option("--replace", is_flag=True, help="Replace the rule of this name.")
@plain_errors()
def add_command(where: Sequence[str], replace: bool, **values: str | None) -> None:
    """Add a rule. RULE_ID is a name of your choice."""
    rule = Rule.of({**values, "where": _filter(where) or None})
    with Database.open() as database:
        book = RuleBook(database)
        _print_notes(book.add(rule, replace))
        idle = book.idle().get(rule.rule_id)
    click.echo("\t".join(_cells(rule, utc_now(), idle)))


@rules_command.command("remove")
@click.argument("rule_ids", metavar="RULE_ID...", nargs=-1, required=True)
@plain_errors()
def remove_command(rule_ids: tuple[str, ...]) -> None:
    """Remove rules. If one is unknown, none is removed."""
    with Database.open() as database:
        RuleBook(database).remove(rule_ids)
    count = len(set(rule_ids))
    click.echo(f"Removed {counted(count, 'rule')}.")


@rules_command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Also remove rules that are not in the file.")
@plain_errors()
def import_command(file: Path, replace: bool) -> None:
    """Import the rules of a CSV file as written by `lookalike rules export`: all or none."""
    with Database.open() as database:
        done = RuleBook(database).import_csv(file, replace)
    _print_notes(done.warnings)
    click.echo(
        f"{file}: {done.added:,} added, {done.changed:,} changed, {done.unchanged:,} unchanged, "
        f"{done.removed:,} removed"
    )


@rules_command.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@plain_errors(OSError)
def export_command(file: Path) -> None:
    """Write all rules to a CSV file; - is standard output."""
    with Database.open() as database:
        book = RuleBook(database)
        _print_notes(book.current().problems)
        if file == STANDARD_OUTPUT:
            write_rules(sys.stdout, book.all())
            return
        count = book.export_csv(file)
    click.echo(f"{file} has {counted(count, 'rule')}.")


COMMANDS: list[click.Command] = [rules_command]


def _filter(where: Iterable[str]) -> dict[str, object]:
    """The argument of `Filter.of`; a field that is given more than once has several values."""
    values: dict[str, list[str]] = {}
    for pair in where:
        field, value = split_pair(pair, "FIELD=VALUE", "brand=Ours", "--where")
        values.setdefault(field, []).append(value)
    return {field: found if len(found) > 1 else found[0] for field, found in values.items()}


def _cells(rule: Rule, now: datetime, idle: str | None = None) -> tuple[str, ...]:
    """A rule as a row of text: name, action, target, scope, and state with times."""
    values = rule.as_json()
    where = ", ".join(
        f"{field}={'|'.join(map(str, value)) if isinstance(value, list) else _plain(value)}"
        for field, value in (rule.where.as_json() if rule.where else {}).items()
    )
    what = rule.product_id or where or (f"{rule.field} as viewed" if rule.field else "the panel")
    if rule.position is not None:
        what += f" at {rule.position}"
    if rule.amount is not None:
        what += f" by {rule.amount:g}"
    scope = f"seed {rule.seed}" if rule.seed else rule.category or "everywhere"
    if rule.page:
        scope += f" on page {rule.page}"
    times = " ".join(f"{name} {values[name]}" for name in ("starts", "ends") if name in values)
    state = "in force" if rule.in_force(now) else "not in force"
    if idle:
        state = f"without effect: {idle}"
    return rule.rule_id, str(rule.action), what, scope, ", ".join(filter(None, (state, times)))


def _plain(value: object) -> str:
    """A value as a filter writes it: true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _print_notes(notes: Iterable[str]) -> None:
    for text in notes:
        note(text)
