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
from engine.training.data.cached_views import cache_views
from engine.training.data.config import TrainConfig
from engine.training.data.distributed import Processes, join_processes
from engine.training.data.initial_model import InitialModel, open_initial_model, set_facet_weights
from engine.training.data.photo_bank import PhotoBank, open_bank
from engine.training.data.preparation import (
    PreparedData,
    bank_side,
    data_digest,
    prepare,
    validation_mask,
    with_photo_colours,
)
from engine.training.loop.checkpoint import Checkpoint
from engine.training.loop.evaluation import EvaluationEmbeddings, EvaluationSet, compare, embed
from engine.training.loop.loop import StepReport, train
from engine.training.reports.results import NO_CALLBACKS, Callbacks, TrainResult
from engine.training.reports.step_log import StepLog
from engine.training.weight_search import search_weights

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
    callbacks: Callbacks = NO_CALLBACKS,
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
        callbacks: called on the way.

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
    start = open_initial_model(config.encoder, models_dir, config.side, config.seed)
    given = start.model.config.layout().requested_weights(facets) if facets else None
    if given and not all(given.values()):
        raise TrainingError("A default weight must be above 0; give --facet a small one instead.")
    config = config.with_changes(side=start.side)
    start = start.with_use_side(config.use_side)
    if config.kept_views and config.contrastive_side not in (0, config.side):
        raise TrainingError(
            f"Kept views are {config.side} pixels wide in both stages: leave --contrastive-side "
            "out, or train with --kept-views 0."
        )
    callbacks.on_stage("Decoding photos")
    side, cache = bank_side(start.side), out / "photos"
    judged = None
    with processes.first_process_first():
        bank = open_bank(sources, side, cache, workers=workers, on_progress=callbacks.on_decoded)
        if evaluate_on:
            judged = open_bank(evaluate_on, side, cache, workers=workers)
    config = epochs_to_steps(config, bank, epochs, contrastive_epochs)
    prepared = prepare(bank, start, config, rules)
    callbacks.on_prepared(prepared, config)
    if config.kept_views:
        callbacks.on_stage("Passing photos through the frozen stages")
        with processes.first_process_first():
            cached = cache_views(start.model, bank, config, cache, where, callbacks.on_cached)
        prepared = replace(prepared, data=replace(prepared.data, cached_views=cached))
    if not processes.is_first:
        fit(start, prepared, config, where, out, processes, callbacks)
        return None

    evaluation_set = evaluation_set_of(prepared, judged, rules)
    callbacks.on_stage("Measuring the start")
    before = EvaluationEmbeddings.of(
        evaluation_set,
        embed(start.model, evaluation_set.bank, evaluation_set.photos, start.use_side, where),
        start.layout,
    )
    callbacks.on_stage("Training")
    model = fit(start, prepared, config, where, out, processes, callbacks)
    callbacks.on_stage("Measuring what was learned")
    blocks = embed(model, evaluation_set.bank, evaluation_set.photos, start.use_side, where)
    set_facet_weights(model, given or best_weights(model, evaluation_set, blocks))
    after = EvaluationEmbeddings.of(evaluation_set, blocks, model.config.layout())
    dtype = torch.float16 if half_weights else torch.float32
    save_appearance(out, model.cpu(), start.clip_config, start.preprocess, dtype)
    weights = dict(model.config.weights)
    judgement = compare(evaluation_set, before, after)
    return TrainResult(
        out,
        config,
        prepared,
        weights,
        bool(given),
        start.use_side,
        evaluation_set,
        before,
        after,
        judgement,
    )


def epochs_to_steps(
    config: TrainConfig, bank: PhotoBank, epochs: float | None, contrastive_epochs: float | None
) -> TrainConfig:
    """The config with steps in place of epochs, 1 at least where some were asked for."""
    photos = int((~validation_mask(bank, config.split)[bank.product]).sum())

    def steps(wanted: float | None) -> int | None:
        return None if wanted is None else math.ceil(wanted * photos / config.batch)

    return config.with_changes(steps=steps(epochs), contrastive_steps=steps(contrastive_epochs))


def evaluation_set_of(
    prepared: PreparedData, judged: PhotoBank | None, rules: Sequence[LabelRule]
) -> EvaluationSet:
    """What the run is judged on: a bank of its own, or the validation side."""
    if judged is None:
        return EvaluationSet.of(prepared.bank, prepared.table, prepared.validation)
    table = label_products(with_photo_colours(judged, rules), rules)
    return EvaluationSet.of(judged, table, np.ones(len(judged.records), dtype=bool), held_out=False)


def best_weights(
    model: AppearanceModel, evaluation_set: EvaluationSet, blocks: Blocks
) -> dict[str, float]:
    """The default facet weights that do best on the exam."""
    default = dict(model.config.weights)
    pooled = {
        name: evaluation_set.pool(blocks[name], FacetLayout.of({name: dim}))
        for name, dim in model.config.dims.items()
    }
    return search_weights(pooled, evaluation_set.table.columns, default)


def fit(
    start: InitialModel,
    prepared: PreparedData,
    config: TrainConfig,
    device: torch.device,
    out: Path,
    processes: Processes,
    callbacks: Callbacks,
) -> AppearanceModel:
    """Run the loop with its state and its log in ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    state = Checkpoint(out / STATE_FILE, config, data_digest(prepared))
    log = StepLog(out / LOG_FILE, [term.name for term in prepared.terms], processes.is_first)

    def both(report: StepReport) -> None:
        log.write(report)
        callbacks.on_step(report)

    data, terms = prepared.data, prepared.terms
    return train(
        start.model, data, terms, config, device, state, processes, both, callbacks.on_mined
    )
