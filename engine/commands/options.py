"""Options that several commands have, and what is read from them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


def sources_option(what: str) -> Callable[[Command], Command]:
    """Adds ``--data``, whose help text is ``what``, as the argument ``sources``."""
    return click.option(
        "--data",
        "sources",
        multiple=True,
        required=True,
        type=click.Path(path_type=Path),
        help=f"{what}; repeatable.",
    )


def training_options(command: Command) -> Command:
    """Adds the options of every training: device, label rules, workers and size of weights."""
    for option in (
        click.option("--half-weights", is_flag=True, help="Save float16 weights, half the size."),
        click.option(
            "--workers",
            type=click.IntRange(min=0),
            help="Processes that decode photos; 0: one per core.",
        ),
        click.option(
            "--labels", type=click.Path(path_type=Path), help="A TOML file of label rules."
        ),
        click.option("--device", help="auto, cpu, cuda or cuda:N.  [default: auto]"),
    ):
        command = option(command)
    return command


def field_options(
    config: type[Any],
    options: Sequence[tuple[str, str, Any]],
    *,
    defaults: Mapping[str, str] | None = None,
    metavars: Mapping[str, str] | None = None,
    earlier_names: Mapping[str, tuple[str, ...]] | None = None,
) -> Callable[[Command], Command]:
    """Adds an option for each of some fields of a dataclass, with their help text and default.

    Args:
        config: the dataclass; its fields have their help text as `metadata`.
        options: option, field and type of each.
        defaults: field -> how its default is described, where its value says little.
        metavars: field -> name of its value.
        earlier_names: field -> options that are still accepted.
    """
    known = {one.name: one for one in fields(config)}

    def add(command: Command) -> Command:
        for option, name, kind in reversed(options):
            default = (defaults or {}).get(name, known[name].default)
            names = (option, *(earlier_names or {}).get(name, ()), name)
            command = click.option(
                *names,
                type=kind,
                metavar=(metavars or {}).get(name),
                help=f"{known[name].metadata['help']}  [default: {default}]",
            )(command)
        return command

    return add


def parse_facet_weights(pairs: Sequence[str]) -> dict[str, float]:
    """Facet -> weight of ``--facet colour=2`` and the like; whether they make sense is for later.

    Raises:
        click.BadParameter: one that is not NAME=WEIGHT.
    """
    weights = {}
    for pair in pairs:
        name, _, weight = pair.partition("=")
        try:
            weights[name.strip()] = float(weight)
        except ValueError:
            raise click.BadParameter(
                f"{pair!r} is not NAME=WEIGHT, such as colour=2.", param_hint="--facet"
            ) from None
    return weights
