"""A run's file, `run.toml`: all that a model was trained with, written beside it.

The tables ``run`` and ``settings`` are options, which ``lookalike train --config run.toml`` reads;
``data``, ``result`` and ``versions`` are for readers and for a comparison with the data of the next
run. Without torch, as the command reads it before it needs any.
"""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tomli_w

from catalog.files import write_whole
from engine.errors import SettingsError
from engine.models import resolved
from engine.toml_file import read_toml
from engine.training.data.config import TrainConfig, Views

RUN_FILE = "run.toml"
PACKAGES = ("lookalike", "torch", "open-clip-torch", "timm", "numpy", "pillow")
COMMENT = f"# A training run. To repeat it: lookalike train --config {RUN_FILE}\n"
NOTES = ("data", "result", "versions")  # tables that are no options


@dataclass(frozen=True)
class RunOptions:
    """The options of a run that are no settings of its loop, under the names in the file.

    Attributes:
        data, evaluate_on: sources, as they were given.
        labels: the file of label rules, or "".
        facets: facet -> default weight that was asked for; the chosen ones are in ``result``.
        half_weights: whether float16 weights are saved.
    """

    data: tuple[str, ...]
    evaluate_on: tuple[str, ...] = ()
    labels: str = ""
    facets: Mapping[str, float] = field(default_factory=dict)
    half_weights: bool = False


def write_run_file(
    folder: Path, options: RunOptions, config: TrainConfig, **notes: Mapping[str, Any]
) -> None:
    """Writes `RUN_FILE` into a model's folder.

    Args:
        folder: of the model.
        options: of the run.
        config: with the values that were used: steps in place of epochs, the encoder's own side.
        notes: the tables ``data`` and ``result``.
    """
    settings = config.as_json()
    settings["encoder"] = resolved(config.encoder)
    content = {
        "run": {one.name: getattr(options, one.name) for one in fields(options)},
        "settings": settings,
        **notes,
        "versions": versions(),
    }
    write_whole(folder / RUN_FILE, COMMENT + tomli_w.dumps(content, multiline_strings=False))


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that a training depends on."""
    return {"python": platform.python_version()} | {one: version(one) for one in PACKAGES}


@dataclass(frozen=True)
class RunFile:
    """A run's file, as the command line reads it.

    Attributes:
        path: the file.
        options: option's name in Python -> its value as one would write it on the command line.
        data: the table ``data``, or empty.
    """

    path: Path
    options: Mapping[str, Any]
    data: Mapping[str, Any]


def read_run_file(path: Path) -> RunFile:
    """Reads a run's file; it may be written by hand, and any part may be left out.

    Raises:
        SettingsError: it cannot be read, is no TOML, or has an unknown table or key.
    """
    content = read_toml(path, "the run")
    _only(content, ("run", "settings", *NOTES), f"{path}: table")
    run = _table(content, "run", path, [one.name for one in fields(RunOptions)])
    settings = _table(content, "settings", path, [one.name for one in fields(TrainConfig)])
    options: dict[str, Any] = {**run, **settings}
    if "data" in options:
        options["sources"] = options.pop("data")
    if not options.get("labels"):
        options.pop("labels", None)
    if "facets" in options:
        options["facets"] = _pairs(options, "facets", path)
    if "terms" in options:
        options["terms"] = _pairs(options, "terms", path)
    if "views" in options:
        _only(options["views"], [one.name for one in fields(Views)], f"{path}: settings.views")
        options["views"] = _pairs(options, "views", path)
    if shares := options.pop("shares", None):
        options["shares"] = ",".join(map(str, shares))
    for name in ("sources", "evaluate_on"):
        if name in options and not isinstance(options[name], list):
            raise SettingsError(f"{path}: {name} must be a list of texts.")
    return RunFile(path, options, content.get("data", {}))


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Says in which facts the data of two runs differ; empty where they do not."""
    found = [
        f"{name} {then[name]} then, {now[name]} now"
        for name in now
        if name in then and then[name] != now[name]
    ]
    return "; ".join(found)


def _table(
    content: Mapping[str, Any], name: str, path: Path, known: Sequence[str]
) -> dict[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: {name} must be a table, [{name}].")
    _only(table, known, f"{path}: {name}")
    return table


def _only(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    if not isinstance(table, dict):
        raise SettingsError(f"{where} must be a table.")
    unknown = sorted(table.keys() - set(known))
    if unknown:
        raise SettingsError(f"{where} {unknown[0]!r} is unknown; use {', '.join(known)}.")


def _pairs(options: Mapping[str, Any], name: str, path: Path) -> list[str]:
    """Returns a table as ``NAME=VALUE`` texts; the two ends of a range have a colon between."""
    table = options[name]
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: {name} must be a table.")
    return [
        f"{key}={':'.join(map(str, value)) if isinstance(value, list) else value}"
        for key, value in table.items()
    ]
