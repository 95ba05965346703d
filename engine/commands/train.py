"""`lookalike train`; torch is loaded when the command runs, not when its help is shown."""

import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click

from catalog.console import plain_errors, progress_bar
from engine.commands.options import parse_facet_weights
from engine.errors import EngineError, TrainingError
from engine.labels.label_file import read_rules
from engine.labels.labels import RULES
from engine.labels.splits import SPLITS
from engine.models import IMAGENETS, default_name
from engine.settings import EngineSettings
from engine.training.data.config import TrainConfig

_AT_LEAST_2, _POSITIVE, _COUNT = click.IntRange(min=2), click.IntRange(min=1), click.IntRange(min=0)
_RATE = click.FloatRange(min=0)
_SHARE = click.FloatRange(min=0, max=1)


class Shares(click.ParamType):
    """Relative frequencies such as ``3,1``."""

    name = "SHARE,..."

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Read them."""
        if isinstance(value, tuple):
            return value
        try:
            shares = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} must be numbers with commas between, as in 3,1.", param, ctx)
        if not all(math.isfinite(share) and share >= 0 for share in shares) or not sum(shares):
            self.fail(f"{value!r} must be 0 or more, and one of them above.", param, ctx)
        return shares


# Knobs of a run: option, field of the config (whose words are its help), what is allowed.
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
    ("--shares", "shares", Shares()),
    ("--chunk", "chunk", _POSITIVE),
    ("--memory", "memory", _COUNT),
    ("--memory-weight", "memory_weight", _RATE),
    ("--offline-every", "offline_every", _COUNT),
    ("--offline-share", "offline_share", _SHARE),
    ("--margin", "margin", click.FloatRange(min=0, min_open=True)),
    ("--proxy-weight", "proxy_weight", _RATE),
    ("--text-weight", "text_weight", _RATE),
    ("--hard-from", "hard_from", _SHARE),
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
# Of knobs whose default depends on the encoder or the sources.
DEFAULTS = {"side": "the encoder's own; 112 for an ImageNet start", "shares": "as many photos"}
_FIELDS = {one.name: one for one in fields(TrainConfig)}


def config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for every knob, with its words and default from `TrainConfig`."""
    for option, name, kind in reversed(CONFIG_OPTIONS):
        default = DEFAULTS.get(name, _FIELDS[name].default)
        words = f"{_FIELDS[name].metadata['help']}  [default: {default}]"
        command = click.option(option, name, type=kind, help=words)(command)
    return command


@click.command("train")
@click.option(
    "--data",
    "sources",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="A source of products and photos, as `ingest` takes them, or a folder of photos; may be "
    "given again.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the model and its report.  [default: LOOKALIKE_HOME/models/trained-SOURCE]",
)
@click.option("--device", help="auto, cpu, cuda or cuda:N.  [default: auto]")
@click.option("--epochs", type=_RATE, help="Instead of --steps: times that all photos are seen.")
@click.option("--contrastive-epochs", type=_RATE, help="Instead of --contrastive-steps.")
@click.option("--labels", type=click.Path(path_type=Path), help="A TOML file of label rules.")
@click.option(
    "--evaluate-on",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A source that is not in --data, to judge on instead of the split's validation side.",
)
@click.option("--workers", type=_COUNT, help="Processes that decode photos; 0: one a core.")
@click.option(
    "--facet",
    "facets",
    multiple=True,
    metavar="NAME=WEIGHT",
    help="Default weight of a facet in searches, such as colour=0.4, instead of those that do "
    "best on what the run is judged on.",
)
@click.option("--half-weights", is_flag=True, help="Save float16 weights, half the size.")
@click.option(
    "--checkpointing",
    "checkpoint_activations",
    is_flag=True,
    default=None,
    help=_FIELDS["checkpoint_activations"].metadata["help"],
)
@config_options
@plain_errors(EngineError, OSError)
def train_command(
    sources: tuple[Path, ...],
    out: Path | None,
    device: str | None,
    labels: Path | None,
    workers: int | None,
    facets: tuple[str, ...],
    **options: Any,  # noqa: ANN401 - those of `run_training`, and one for each of KNOBS
) -> None:
    """Teach an encoder what looks alike, from your own photos.

    Labels come from attributes and titles where there are any; without them, photos of one
    product and views of one photo teach. A run that was killed goes on when it is started again
    with the same options. On several GPUs: torchrun --nproc-per-node N -m web.cli train ...
    """
    given: dict[str, Any] = {"device": device, "workers": workers}
    settings = EngineSettings(**{key: value for key, value in given.items() if value is not None})
    knobs = {name: options.pop(name) for name in _FIELDS.keys() & options.keys()}
    if knobs["threads"] is None:
        knobs["threads"] = settings.threads
    config = config_of(knobs)
    out = out or settings.models_dir / default_folder_name(sources[0])
    rules = read_rules(labels) if labels else RULES
    with process_group(settings.device) as reports, progress_bar() as bar:
        from engine.training.reports.console import ConsoleReporter, summary_lines
        from engine.training.reports.html import write_report  # torch is for this command only
        from engine.training.reports.results import Callbacks
        from engine.training.run import run_training

        reporter = ConsoleReporter(bar)
        result = run_training(
            sources,
            out,
            config,
            models_dir=settings.models_dir,
            device=settings.device,
            workers=settings.workers or os.cpu_count() or 1,
            rules=rules,
            facets=parse_facet_weights(facets),
            callbacks=reporter.callbacks() if reports else Callbacks(),
            **options,
        )
        report = write_report(result) if result else None
    if result and report:
        for line in summary_lines(result, report):
            click.echo(line)


COMMANDS: list[click.Command] = [train_command]


def config_of(knobs: dict[str, Any]) -> TrainConfig:
    """The config that options mean: those not given keep its defaults.

    Photos have the encoder's own size unless another is asked for; an encoder that is made anew
    has none yet and takes the config's.
    """
    config = TrainConfig().with_changes(**knobs)
    name = default_name() if config.encoder == "default" else config.encoder
    return config if name in IMAGENETS or knobs["side"] is not None else replace(config, side=0)


def default_folder_name(source: Path) -> str:
    """The name of the model's folder if nobody gave one."""
    return "trained-" + re.sub(r"[^a-z0-9]+", "-", source.resolve().stem.lower()).strip("-")


@contextmanager
def process_group(device: str) -> Iterator[bool]:
    """Join the processes that `torchrun` started; whether this is the one that reports.

    The others fail in silence, as the first one says why.

    Raises:
        TrainingError: a GPU has too little memory.
    """
    import torch

    from engine.encoders.open_clip_encoder import pick_device
    from engine.training.data.distributed import join_processes

    try:
        where = pick_device(device)
    except EngineError:  # it comes again once it is known who says it
        where = torch.device("cpu")
    first = join_processes(where).is_first
    try:
        yield first
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            f"{str(error).splitlines()[0]} Lower --chunk, or add --checkpointing; the batch stays "
            "the same."
        ) from error
    except Exception:
        if first:
            raise
        sys.exit(1)
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
