"""`lookalike train`; torch is imported when the command runs, not for its help."""

import math
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click

from catalog.console import plain_errors, progress_bar
from engine.commands.options import (
    field_options,
    parse_facet_weights,
    sources_option,
    training_options,
)
from engine.commands.train_settings import parse_terms, parse_views, table_options
from engine.errors import EngineError, Interrupted, TrainingError
from engine.labels.label_file import read_rules
from engine.labels.labels import RULES
from engine.labels.splits import SPLITS
from engine.models import IMAGENETS, resolved
from engine.settings import EngineSettings
from engine.training.data.config import MINERS, NEGATIVES, TrainConfig
from engine.training.data.run_file import RunFile

_AT_LEAST_2, _POSITIVE, _COUNT = click.IntRange(min=2), click.IntRange(min=1), click.IntRange(min=0)
_RATE = click.FloatRange(min=0)
_SHARE = click.FloatRange(min=0, max=1)


def parse_shares(text: str) -> tuple[float, ...]:
    """Parses relative frequencies such as ``3,1``.

    Raises:
        click.BadParameter: one is not a number or negative, or all are 0.
    """
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{text!r} must be numbers with commas between, as in 3,1."
        ) from None
    if not all(math.isfinite(share) and share >= 0 for share in shares) or not sum(shares):
        raise click.BadParameter(f"{text!r} must be 0 or more, and one of them above 0.")
    return shares


# Options of a run: option, field of `TrainConfig` (whose help text it shows), type.
CONFIG_OPTIONS: tuple[tuple[str, str, Any], ...] = (
    ("--encoder", "encoder", str),
    ("--side", "side", _COUNT),
    ("--use-side", "use_side", _COUNT),
    ("--steps", "steps", _COUNT),
    ("--contrastive-steps", "contrastive_steps", _COUNT),
    ("--contrastive-side", "contrastive_side", _COUNT),
    ("--batch-labels", "labels_per_batch", _AT_LEAST_2),
    ("--batch-photos", "photos_per_label", _AT_LEAST_2),
    ("--batch-categories", "categories_per_batch", _POSITIVE),
    ("--shares", "shares", parse_shares),
    ("--chunk", "chunk", _POSITIVE),
    ("--memory", "memory", _COUNT),
    ("--memory-weight", "memory_weight", _RATE),
    ("--offline-every", "offline_every", _COUNT),
    ("--offline-share", "offline_share", _SHARE),
    ("--margin", "margin", click.FloatRange(min=0, min_open=True)),
    ("--miner", "miner", click.Choice(MINERS)),
    ("--negatives", "negatives", click.Choice(NEGATIVES)),
    ("--proxy-weight", "proxy_weight", _RATE),
    ("--text-weight", "text_weight", _RATE),
    ("--hard-ramp-from", "hard_from", _SHARE),
    ("--tower-lr", "tower_lr", _RATE),
    ("--heads-lr", "heads_lr", _RATE),
    ("--weight-decay", "weight_decay", _RATE),
    ("--warmup", "warmup", _COUNT),
    ("--clip-norm", "clip_norm", click.FloatRange(min=0, min_open=True)),
    ("--frozen-stages", "frozen_stages", _COUNT),
    ("--drop-path", "drop_path", click.FloatRange(min=0, max=1, max_open=True)),
    ("--kept-views", "kept_views", _COUNT),
    ("--ema", "ema", click.FloatRange(min=0, max=1, max_open=True)),
    ("--precision", "precision", click.Choice(["auto", "float32", "bf16"])),
    ("--seed", "seed", _COUNT),
    ("--threads", "threads", _COUNT),
    ("--save-every", "save_every", _POSITIVE),
    ("--split", "split", click.Choice(list(SPLITS))),
)
# Defaults that depend on the encoder or the sources, and names of the values.
DEFAULTS = {"side": "the encoder's own; 112 for ImageNet weights", "shares": "by photos"}
METAVARS = {"shares": "SHARE,..."}
EARLIER_NAMES = {"hard_from": ("--hard-from",)}  # still accepted
_FIELDS = {one.name: one for one in fields(TrainConfig)}


@click.command("train")
@sources_option("A source of products and photos, as for `ingest`, or a folder of photos")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the model and its report.  [default: LOOKALIKE_HOME/models/trained-SOURCE]",
)
@click.option("--epochs", type=_RATE, help="In place of --steps: passes over the photos.")
@click.option("--contrastive-epochs", type=_RATE, help="In place of --contrastive-steps.")
@click.option(
    "--evaluate-on",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A source to evaluate on, in place of the validation split of --data; repeatable.",
)
@click.option(
    "--facet",
    "facets",
    multiple=True,
    metavar="NAME=WEIGHT",
    help="Default weight of a facet in searches, such as colour=0.4; repeatable.  [default: the "
    "weights with the best result in the evaluation, if 200 products judge them]",
)
@click.option(
    "--checkpointing",
    "checkpoint_activations",
    is_flag=True,
    default=None,
    help=_FIELDS["checkpoint_activations"].metadata["help"],
)
@click.option(
    "--tensorboard", is_flag=True, help="Log the steps for TensorBoard, in the model's folder."
)
@training_options
@table_options
@field_options(
    TrainConfig,
    CONFIG_OPTIONS,
    defaults=DEFAULTS,
    metavars=METAVARS,
    earlier_names=EARLIER_NAMES,
)
@plain_errors(EngineError, OSError)
def train_command(
    sources: tuple[Path, ...],
    out: Path | None,
    device: str | None,
    labels: Path | None,
    workers: int | None,
    facets: tuple[str, ...],
    run_file: RunFile | None,
    terms: tuple[str, ...],
    views: tuple[str, ...],
    **options: Any,  # noqa: ANN401 - those of `run_training` and of `CONFIG_OPTIONS`
) -> None:
    """Fine-tune an encoder on your own photos, so that similar products lie close together.

    Labels come from attributes and titles; without any, the positives are photos of one product
    and augmented views of one photo. Ctrl-C saves the step in progress, and a run that was stopped
    or killed resumes when it is started again with the same options. On several GPUs: torchrun
    --nproc-per-node N -m web.cli train ...
    """
    given: dict[str, Any] = {"device": device, "workers": workers}
    settings = EngineSettings(**{key: value for key, value in given.items() if value is not None})
    config_options = {name: options.pop(name) for name in _FIELDS.keys() & options.keys()}
    if config_options["threads"] is None:
        config_options["threads"] = settings.threads
    rules = read_rules(labels) if labels else RULES
    config = config_of(config_options).with_changes(
        terms=parse_terms(terms, rules), views=parse_views(views)
    )
    out = out or settings.models_dir / default_folder_name(sources[0])
    with process_group(settings.device) as is_first, progress_bar() as bar:
        from engine.training.reports.console import ConsoleReporter, summary_lines
        from engine.training.reports.html import write_report  # these load torch
        from engine.training.reports.results import Callbacks
        from engine.training.run import run_training

        reporter = ConsoleReporter(bar, run_file.data if run_file else None)
        result = run_training(
            sources,
            out,
            config,
            models_dir=settings.models_dir,
            device=settings.device,
            workers=settings.workers or os.cpu_count() or 1,
            rules=rules,
            labels=labels,
            facets=parse_facet_weights(facets),
            callbacks=reporter.callbacks() if is_first else Callbacks(),
            **options,
        )
        report = write_report(result) if result else None
    if result and report:
        for line in summary_lines(result, report):
            click.echo(line)


COMMANDS: list[click.Command] = [train_command]


def config_of(options: dict[str, Any]) -> TrainConfig:
    """Returns the config for options, None for those not given.

    Without a side, photos have the encoder's own; a new encoder has none yet and takes the
    config's default.
    """
    config = TrainConfig().with_changes(**options)
    name = resolved(config.encoder)
    return config if name in IMAGENETS or options["side"] is not None else replace(config, side=0)


def default_folder_name(source: Path) -> str:
    """Returns the default name of the model's folder."""
    return "trained-" + re.sub(r"[^a-z0-9]+", "-", source.resolve().stem.lower()).strip("-")


@contextmanager
def process_group(device: str) -> Iterator[bool]:
    """Joins the processes that `torchrun` started and yields whether this is the first one.

    The others fail without a message, as the first one prints it.

    Raises:
        TrainingError: a GPU has too little memory.
    """
    import torch

    from engine.encoders.open_clip_encoder import pick_device
    from engine.training.data.distributed import join_processes

    try:
        torch_device = pick_device(device)
    except EngineError:  # raised again by the run, when the group exists
        torch_device = torch.device("cpu")
    is_first = join_processes(torch_device).is_first
    try:
        yield is_first
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            f"{str(error).splitlines()[0]} Lower --chunk, or add --checkpointing; neither changes "
            "the batch."
        ) from error
    except (Interrupted, KeyboardInterrupt) as error:
        again = "Stopped. Run the same command again: decoded photos and saved steps are kept."
        if is_first:
            click.echo(error if isinstance(error, Interrupted) else again, err=True)
        sys.exit(128 + getattr(error, "signal", signal.SIGINT))  # as shells count
    except Exception:
        if is_first:
            raise
        sys.exit(1)
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
