"""A whole run: data in, training, weights chosen, a model folder and a report out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from engine.encoders.appearance import AppearanceModel
from engine.encoders.checkpoint import save_appearance
from engine.encoders.facets import FacetLayout
from engine.encoders.open_clip_encoder import pick_device
from engine.errors import TrainingError
from engine.labels.labels import RULES, LabelRule, label_products
from engine.training.data.cached_views import keep_views
from engine.training.data.config import TrainConfig
from engine.training.data.distributed import Processes, join_processes
from engine.training.data.initial_model import Start, open_start, replace_config
from engine.training.data.photo_bank import PhotoBank, open_bank
from engine.training.data.preparation import (
    Prepared,
    bank_side,
    data_digest,
    own_validation,
    prepare,
    with_seen_colours,
)
from engine.training.facet_weights import choose_weights
from engine.training.loop.checkpoint import RunState
from engine.training.loop.judging import EvaluationEmbeddings, EvaluationSet, compare, embed
from engine.training.loop.loop import StepReport, train
from engine.training.reports.results import SILENT, Callbacks, TrainResult
from engine.training.reports.step_log import StepLog

STATE_FILE = "state.pt"
LOG_FILE = "steps.csv"
NO_FACETS: Mapping[str, float] = MappingProxyType({})
Blocks = dict[str, np.ndarray]


def run_training(
    sources: Sequence[Path | str],
    out: Path,
    config: TrainConfig,
    *,
    models_dir: Path,
    device: str = "auto",
    workers: int = 1,
    rules: Sequence[LabelRule] = RULES,
    facets: Mapping[str, float] = NO_FACETS,
    half_weights: bool = False,
    epochs: float | None = None,
    contrastive_epochs: float | None = None,
    evaluate_on: Sequence[Path | str] = (),
    watch: Callbacks = SILENT,
) -> TrainResult | None:
    """Train an appearance model and write it to ``out`` as an open_clip folder.

    A run that was killed goes on from ``out/state.pt`` when called again with the same values.

    Args:
        sources: anything that `catalog.sources.open_source` opens.
        out: the folder of the model, its state and its logs.
        config: every knob.
        models_dir: where models that are built on first use are kept.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        workers: processes that decode photos.
        rules: how labels are read.
        facets: default weights of the model's facets, relative; those not named keep the start's.
            None named: the weights that do best on the exam are chosen.
        half_weights: save float16 weights, half the size.
        epochs, contrastive_epochs: instead of the config's steps: how often as many photos are
            seen as there are to train on.
        evaluate_on: sources to judge on, all of them; without any, the split's validation side.
        watch: called on the way.

    Returns:
        The result, in the first process; None in the others of a group.

    Raises:
        TrainingError, EncoderError, SourceError: each with what to do; ``out`` then holds no
            half-written model.
    """
    where = pick_device(device)
    if config.threads:
        torch.set_num_threads(config.threads)
    processes = join_processes(where)
    if config.batch % processes.count:
        raise TrainingError(
            f"A batch of {config.batch} photos cannot be shared by {processes.count} processes "
            "evenly; choose --batch-labels and --batch-photos so that it can."
        )
    start = open_start(config.encoder, models_dir, config.side, config.seed)
    given = start.model.config.layout().requested_weights(facets) if facets else None
    if given and not all(given.values()):
        raise TrainingError("A default weight must be above 0; give --facet a small one instead.")
    config = config.with_changes(side=start.side)
    start = start.used_at(config.use_side)
    if config.kept_views and config.contrastive_side not in (0, config.side):
        raise TrainingError(
            f"Kept views are {config.side} pixels wide in both stages: leave --contrastive-side "
            "out, or train with --kept-views 0."
        )
    watch.stage("Decoding photos")
    side, cache = bank_side(start.side), out / "photos"
    judged = None
    with processes.first_one_first():
        bank = open_bank(sources, side, cache, workers=workers, on_progress=watch.decoded)
        if evaluate_on:
            judged = open_bank(evaluate_on, side, cache, workers=workers)
    config = with_epochs(config, bank, epochs, contrastive_epochs)
    prepared = prepare(bank, start, config, rules)
    watch.prepared(prepared, config)
    if config.kept_views:
        watch.stage("Passing photos through the frozen stages")
        with processes.first_one_first():
            kept = keep_views(start.model, bank, config, cache, where, watch.kept)
        prepared = replace(prepared, data=replace(prepared.data, kept=kept))
    if not processes.first:
        fit(start, prepared, config, where, out, processes, watch)
        return None

    exam = exam_of(prepared, judged, rules)
    watch.stage("Measuring the start")
    before = EvaluationEmbeddings.of(
        exam, embed(start.model, exam.bank, exam.photos, start.use_side, where), start.layout
    )
    watch.stage("Training")
    model = fit(start, prepared, config, where, out, processes, watch)
    watch.stage("Measuring what was learned")
    blocks = embed(model, exam.bank, exam.photos, start.use_side, where)
    replace_config(model, given or weights_for(model, exam, blocks))
    after = EvaluationEmbeddings.of(exam, blocks, model.config.layout())
    dtype = torch.float16 if half_weights else torch.float32
    save_appearance(out, model.cpu(), start.clip_config, start.preprocess, dtype)
    weights = dict(model.config.weights)
    judgement = compare(exam, before, after)
    return TrainResult(
        out,
        config,
        prepared,
        weights,
        bool(given),
        start.use_side,
        exam,
        before,
        after,
        judgement,
    )


def with_epochs(
    config: TrainConfig, bank: PhotoBank, epochs: float | None, contrastive_epochs: float | None
) -> TrainConfig:
    """The config with steps in place of epochs, 1 at least where some were asked for."""
    photos = int((~own_validation(bank, config.split)[bank.product]).sum())

    def steps(wanted: float | None) -> int | None:
        return None if wanted is None else math.ceil(wanted * photos / config.batch)

    return config.with_changes(steps=steps(epochs), contrastive_steps=steps(contrastive_epochs))


def exam_of(
    prepared: Prepared, judged: PhotoBank | None, rules: Sequence[LabelRule]
) -> EvaluationSet:
    """What the run is judged on: a bank of its own, or the validation side."""
    if judged is None:
        return EvaluationSet.of(prepared.bank, prepared.table, prepared.validation)
    table = label_products(with_seen_colours(judged, rules), rules)
    return EvaluationSet.of(judged, table, np.ones(len(judged.records), dtype=bool), held_out=False)


def weights_for(model: AppearanceModel, exam: EvaluationSet, blocks: Blocks) -> dict[str, float]:
    """The default facet weights that do best on the exam."""
    default = dict(model.config.weights)
    pooled = {
        name: exam.pool(blocks[name], FacetLayout.of({name: dim}))
        for name, dim in model.config.dims.items()
    }
    return choose_weights(pooled, exam.table.columns, default)


def fit(
    start: Start,
    prepared: Prepared,
    config: TrainConfig,
    device: torch.device,
    out: Path,
    processes: Processes,
    watch: Callbacks,
) -> AppearanceModel:
    """Run the loop with its state and its log in ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    state = RunState(out / STATE_FILE, config, data_digest(prepared))
    log = StepLog(out / LOG_FILE, [term.name for term in prepared.terms], processes.first)

    def both(report: StepReport) -> None:
        log.write(report)
        watch.step(report)

    data, terms = prepared.data, prepared.terms
    return train(start.model, data, terms, config, device, state, processes, both, watch.mined)
