"""Options of `lookalike train` that set a table: terms, views and a whole run from its file."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from engine.errors import SettingsError
from engine.labels.labels import LabelRule
from engine.training.data.config import DEFAULT_TERMS, Views
from engine.training.data.run_file import RunFile, read_run_file

# View -> the range of its values; a larger change would be another garment.
RANGES = {
    "zoom": (0.1, 4.0),
    "stretch": (0.0, 0.9),
    "turn": (0.0, 180.0),
    "shift": (0.0, 1.0),
    "light": (0.0, 1.0),
    "contrast": (0.0, 1.0),
    "balance": (0.0, 1.0),
    "scene": (0.0, 1.0),
    "erase": (0.0, 1.0),
}
MIRROR = {"true": True, "yes": True, "false": False, "no": False}


def table_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--config``, ``--term`` and ``--view``."""
    command = click.option(
        "--view",
        "views",
        multiple=True,
        metavar="NAME=VALUE",
        help="How far augmented views differ, such as turn=10, zoom=0.6:1.1 or mirror=no; "
        f"repeatable. Names: {', '.join([*RANGES, 'mirror'])}.  [default: "
        f"{', '.join(f'{name}={_shown(getattr(Views(), name))}' for name in [*RANGES, 'mirror'])}]",
    )(command)
    command = click.option(
        "--term",
        "terms",
        multiple=True,
        metavar="LABEL=WEIGHT",
        help="Weight of the triplet loss of a label column, such as type=2; 0: off; repeatable. "
        "Columns of --labels may be named too.  [default: "
        f"{', '.join(f'{name}={weight:g}' for name, weight in DEFAULT_TERMS.items())}]",
    )(command)
    return click.option(
        "--config",
        "run_file",
        is_eager=True,
        callback=_read_config,
        type=click.Path(path_type=Path, dir_okay=False),
        help="A run.toml, as every trained model has one beside it: options that are not given "
        "here are taken from it.",
    )(command)


def _read_config(
    context: click.Context, parameter: click.Parameter, path: Path | None
) -> RunFile | None:
    """Makes the values of a run's file the defaults of all other options."""
    if path is None:
        return None
    try:
        found = read_run_file(path)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    for one in context.command.params:
        if one.name in found.options:
            try:
                one.type_cast_value(context, found.options[one.name])
            except (click.BadParameter, TypeError) as error:
                message = getattr(error, "message", str(error))
                raise click.UsageError(f"{path}: {one.name}: {message}") from error
    context.default_map = dict(found.options)
    return found


def parse_terms(pairs: Sequence[str], rules: Sequence[LabelRule]) -> dict[str, float] | None:
    """Returns label column -> weight: the defaults with ``pairs`` such as ``type=2``.

    Args:
        pairs: none returns None.
        rules: how labels are read; a term needs a column that trains a facet.

    Raises:
        click.BadParameter: one is not LABEL=WEIGHT, or no such column trains a facet.
    """
    known = [rule.column for rule in rules if rule.facets]
    weights: dict[str, float] = dict(DEFAULT_TERMS)
    for name, text in _split(pairs, "--term", "LABEL=WEIGHT, such as type=2"):
        if name not in known:
            raise click.BadParameter(
                f"No label column {name!r} trains a facet; use {', '.join(known)}.",
                param_hint="--term",
            )
        weights[name] = _number(text, name, 0.0, math.inf, "--term")
    return weights if pairs else None


def parse_views(pairs: Sequence[str]) -> Views | None:
    """Returns the views' ranges: the defaults with ``pairs`` such as ``turn=10``; None for none.

    Raises:
        click.BadParameter: one is not NAME=VALUE, or out of its range.
    """
    changes: dict[str, Any] = {}
    for name, text in _split(pairs, "--view", "NAME=VALUE, such as turn=10"):
        if name == "mirror":
            if text.lower() not in MIRROR:
                raise click.BadParameter(f"mirror={text} must be yes or no.", param_hint="--view")
            changes[name] = MIRROR[text.lower()]
            continue
        if name not in RANGES:
            raise click.BadParameter(
                f"There is no view {name!r}; use {', '.join([*RANGES, 'mirror'])}.",
                param_hint="--view",
            )
        values = [_number(part, name, *RANGES[name], "--view") for part in text.split(":")]
        if name == "zoom" and (len(values) != 2 or values[0] > values[1]):
            raise click.BadParameter(
                f"zoom={text} must be LOW:HIGH, such as zoom=0.5:1.12.", param_hint="--view"
            )
        if name != "zoom" and len(values) > 1:
            raise click.BadParameter(f"{name} takes one number.", param_hint="--view")
        changes[name] = tuple(values) if name == "zoom" else values[0]
    return replace(Views(), **changes) if pairs else None


def _split(pairs: Sequence[str], option: str, form: str) -> list[tuple[str, str]]:
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"{pair!r} is not {form}.", param_hint=option)
    return [(pair.partition("=")[0].strip(), pair.partition("=")[2].strip()) for pair in pairs]


def _number(text: str, name: str, low: float, high: float, option: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and low <= value <= high):
        limits = f"{low:g} or more" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise click.BadParameter(f"{name}={text} must be {limits}.", param_hint=option)
    return value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value[0]:g}:{value[1]:g}" if isinstance(value, tuple) else f"{value:g}"
