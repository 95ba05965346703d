"""`lookalike train-heads`; torch is imported when the command runs, not for its help."""

import os
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.console import plain_errors, progress_bar
from engine.commands.options import (
    field_options,
    parse_facet_weights,
    sources_option,
    training_options,
)
from engine.errors import EngineError, TrainingError
from engine.labels.label_file import read_rules
from engine.labels.labels import RULES
from engine.labels.splits import SPLITS
from engine.labels.type_words import TYPE_WORDS, read_type_words
from engine.settings import EngineSettings
from engine.training.heads.config import HeadsConfig

if TYPE_CHECKING:
    from rich.progress import Progress

    from engine.training.heads.run import HeadsResult

_COUNT, _POSITIVE = click.IntRange(min=0), click.IntRange(min=1)
# Options of a run: option, field of `HeadsConfig` (whose help text it shows), type.
CONFIG_OPTIONS: tuple[tuple[str, str, Any], ...] = (
    ("--encoder", "encoder", str),
    ("--shape-dim", "shape_dim", _POSITIVE),
    ("--colour-dim", "colour_dim", _POSITIVE),
    ("--identity-steps", "identity_steps", _COUNT),
    ("--design-steps", "design_steps", _COUNT),
    ("--words-steps", "words_steps", _COUNT),
    ("--colour-steps", "colour_steps", _COUNT),
    ("--text-steps", "text_steps", _COUNT),
    ("--margin", "margin", click.FloatRange(min=0, min_open=True)),
    ("--smoothing", "smoothing", click.FloatRange(min=0, max=1, max_open=True)),
    ("--seed", "seed", _COUNT),
    ("--split", "split", click.Choice(list(SPLITS))),
)


@click.command("train-heads")
@sources_option("A source of products and photos, as for `ingest`")
@click.option(
    "--street",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A source of photos that people took, whose types are other words than the shop's.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the model.",
)
@click.option(
    "--types",
    type=click.Path(path_type=Path),
    help="A TOML file of types that a type of --street may mean.",
)
@click.option(
    "--facet",
    "facets",
    multiple=True,
    metavar="NAME=WEIGHT",
    help="Default weight of a facet in searches; repeatable.",
)
@click.option(
    "--photo-facet",
    "photo_facets",
    multiple=True,
    metavar="NAME=WEIGHT",
    help="Default weight of a facet in searches by photo; repeatable.",
)
@click.option(
    "--part",
    "parts",
    multiple=True,
    metavar="FACET.PART=SHARE",
    help="Share of a part of the shape head (labels, identity, design, street, words) or colour "
    "head (labels, tuned, words); repeatable; those left out of a facet that is named have none.",
)
@training_options
@field_options(HeadsConfig, CONFIG_OPTIONS)
@plain_errors(EngineError, OSError)
def train_heads_command(
    sources: tuple[Path, ...],
    street: tuple[Path, ...],
    out: Path,
    device: str | None,
    labels: Path | None,
    types: Path | None,
    workers: int | None,
    facets: tuple[str, ...],
    photo_facets: tuple[str, ...],
    parts: tuple[str, ...],
    half_weights: bool,
    **options: Any,  # noqa: ANN401 - those of `CONFIG_OPTIONS`
) -> None:
    """Train new facet heads on an encoder whose tower stays: minutes on a CPU.

    All photos pass the tower once. Then the shape head learns which photos show one design (from
    titles that differ in a colour only, variant groups, and photos of one product), the colour
    head learns the shop's colour words, and the text tower learns phrases such as "red dress".
    A run that was killed continues with the features that it has.
    """
    given: dict[str, Any] = {"device": device, "workers": workers}
    settings = EngineSettings(**{key: value for key, value in given.items() if value is not None})
    config = heads_config(options, facets, photo_facets, parts)
    with progress_bar() as bar:
        from engine.training.heads.run import train_heads  # loads torch

        result = train_heads(
            sources,
            out,
            config,
            street=street,
            models_dir=settings.models_dir,
            device=settings.device,
            workers=settings.workers or os.cpu_count() or 1,
            threads=settings.threads,
            rules=read_rules(labels) if labels else RULES,
            type_words=read_type_words(types) if types else TYPE_WORDS,
            half_weights=half_weights,
            on_progress=Stages(bar),
        )
    for line in summary(result):
        click.echo(line)


COMMANDS: list[click.Command] = [train_heads_command]


def heads_config(
    options: Mapping[str, Any],
    facets: Sequence[str],
    photo_facets: Sequence[str],
    parts: Sequence[str],
) -> HeadsConfig:
    """The config for options, None for those not given.

    Raises:
        TrainingError: weights or shares that make no sense.
    """
    config = replace(HeadsConfig(), **{k: v for k, v in options.items() if v is not None})
    config = replace(
        config,
        weights=_completed(config.weights, facets, "--facet"),
        photo_weights=_completed(config.photo_weights, photo_facets, "--photo-facet"),
    )
    for name, share in parse_facet_weights(parts).items():
        facet, _, part = name.partition(".")
        if part not in PARTS.get(facet, ()):
            known = ", ".join(f"{one}.{each}" for one, names in PARTS.items() for each in names)
            raise TrainingError(f"There is no part {name!r}; --part takes {known}.")
        if share < 0:
            raise TrainingError(f"The share of --part {name} must be 0 or more, not {share}.")
    shares = parse_facet_weights(parts)
    config = replace(
        config,
        shape_shares=_of_facet("shape", shares) or config.shape_shares,
        colour_shares=_of_facet("colour", shares) or config.colour_shares,
    )
    if "words" not in config.colour_shares or "tuned" not in config.colour_shares:
        raise TrainingError("The colour head needs its parts tuned and words; give both a share.")
    return config


PARTS = {
    "shape": ("labels", "identity", "design", "street", "words"),
    "colour": ("labels", "tuned", "words"),
}


def _of_facet(facet: str, shares: Mapping[str, float]) -> dict[str, float]:
    """The shares above 0 of one facet's parts."""
    chosen = {name.partition("."): share for name, share in shares.items() if share > 0}
    return {part: share for (of, _, part), share in chosen.items() if of == facet}


def _completed(
    defaults: Mapping[str, float], given: Sequence[str], option: str
) -> dict[str, float]:
    """Default weights with those that were given, summing to 1."""
    weights = {**defaults, **parse_facet_weights(given)}
    if weights.keys() != defaults.keys():
        raise TrainingError(f"{option} takes {', '.join(defaults)}, not {', '.join(weights)}.")
    least = 0 if option == "--photo-facet" else 1e-9
    if min(weights.values()) < least or not sum(weights.values()):
        raise TrainingError(f"Weights of {option} must be above 0; give one a small weight.")
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


class Stages:
    """Shows the stages of a run with a rate; without a terminal, a line now and then.

    Args:
        bar: draws the progress; disabled if there is no terminal.
    """

    def __init__(self, bar: "Progress") -> None:
        self._bar = bar
        self._task = bar.add_task("Loading", total=None)
        self._stage, self._started, self._before, self._printed = "", 0.0, 0, 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Takes the name of a stage, what is done of it and in all."""
        now = time.perf_counter()
        if stage != self._stage:
            self._stage, self._started, self._before, self._printed = stage, now, done, 0
            self._bar.reset(self._task, total=total)
            click.echo(f"{stage} ...", err=True)
        rate = (done - self._before) / max(now - self._started, 1e-9)
        left = f", {(total - done) / rate / 60:.1f} min left" if rate and done < total else ""
        text = f"{stage}: {rate:.0f}/s{left}"
        self._bar.update(self._task, completed=done, total=total, description=text)
        tenth = max(1, total // 10)
        if self._bar.disable and done // tenth > self._printed:
            self._printed = done // tenth
            click.echo(f"{done:,} of {total:,}. {text}", err=True)


def summary(result: "HeadsResult") -> list[str]:
    """The final lines: what was trained, measures before and after, and the next steps."""
    from engine.evaluation.reports.page import interval, number
    from engine.training.reports.html import changes  # loads torch

    lines = [f"Trained on {result.photos:,} photos."]
    if result.left_out:
        lines.append(f"Left out, for lack of steps or labels: {', '.join(result.left_out)}.")
    found = changes(result.evaluation)
    if found:
        lines.append(f"P@10 on {result.evaluated:,} products held out:   before   after")
    for one in found:
        values = f"{number(one.before.value)}    {number(one.after.value)} ({interval(one.after)})"
        lines.append(f"  {one.name:<32}{values}")
    encoder = shlex.quote(f"local-dir:{result.folder}")
    lines.append(f"For matches in per cent: lookalike calibrate --encoder {encoder} --data SOURCE")
    lines.append(f"Use it: LOOKALIKE_ENCODER={encoder} lookalike reindex")
    return lines
