"""A training run: prepares data, trains, chooses facet weights, evaluates, saves the model."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from catalog.files import remove_drafts
from catalog.frozen_dict import FrozenDict
from engine.arrays import Float32
from engine.encoders.appearance import AppearanceModel
from engine.encoders.checkpoint import save_appearance
from engine.encoders.facets import FacetLayout
from engine.encoders.open_clip_encoder import pick_device
from engine.errors import TrainingError
from engine.labels.labels import RULES, LabelRule, label_products
from engine.training.data.cached_views import cache_views
from engine.training.data.config import TrainConfig
from engine.training.data.distributed import Processes, join_processes, sharing
from engine.training.data.initial_model import InitialModel, open_initial_model, set_facet_weights
from engine.training.data.photo_bank import PhotoBank, open_bank
from engine.training.data.preparation import (
    PreparedData,
    bank_side,
    data_digest,
    data_facts,
    prepare,
    validation_mask,
    with_photo_colours,
)
from engine.training.data.run_file import RunOptions, write_run_file
from engine.training.loop.checkpoint import Checkpoint
from engine.training.loop.evaluation import (
    EvaluationEmbeddings,
    EvaluationSet,
    compare,
    embed_pixels,
)
from engine.training.loop.loop import StepReport, train
from engine.training.reports.results import NO_CALLBACKS, TRAINING, Callbacks, TrainResult
from engine.training.reports.step_log import StepLog
from engine.training.reports.tensorboard import FOLDER, TensorBoardLog
from engine.training.weight_search import WeightChoice, search_weights

STATE_FILE = "state.pt"
LOG_FILE = "steps.csv"
NO_FACETS: Mapping[str, float] = FrozenDict({})


def run_training(
    sources: Sequence[Path | str],
    out: Path,
    config: TrainConfig,
    *,
    models_dir: Path,
    device: str = "auto",
    workers: int = 1,
    rules: Sequence[LabelRule] = RULES,
    labels: Path | None = None,
    facets: Mapping[str, float] = NO_FACETS,
    half_weights: bool = False,
    epochs: float | None = None,
    contrastive_epochs: float | None = None,
    evaluate_on: Sequence[Path | str] = (),
    tensorboard: bool = False,
    callbacks: Callbacks = NO_CALLBACKS,
) -> TrainResult | None:
    """Trains an appearance model and writes it to ``out`` as an open_clip folder.

    A run that was killed or interrupted resumes from its checkpoint, ``out/state.pt``, when it is
    called again with the same arguments.

    Args:
        sources: anything that `catalog.sources.open_source` opens.
        out: the folder of the model, its checkpoint and its log.
        config: the settings of the run.
        models_dir: where models that are built on first use are stored.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        workers: processes that decode photos.
        rules: how labels are read.
        labels: the file that the rules are from, for the run's file.
        facets: relative default weights of facets; those left out keep the initial model's.
            Without any, the weights with the best result on the evaluation set are chosen, if it
            is large enough (see `engine.training.weight_search`).
        half_weights: save float16 weights, half the size.
        epochs, contrastive_epochs: in place of the config's steps: passes over the training
            photos, by number of photos.
        evaluate_on: sources to evaluate on; without any, the validation split of ``sources``.
        tensorboard: log the steps for TensorBoard too.
        callbacks: called in the course of the run.

    Returns:
        The result in the first process; None in the others of a group.

    Raises:
        Interrupted: Ctrl-C or SIGTERM stopped training after a step; its state is saved.
        TrainingError, EncoderError, SourceError: the message has the next step; ``out`` holds no
            incomplete model.
    """
    torch_device = pick_device(device)
    if config.threads:
        torch.set_num_threads(config.threads)
    processes = sharing(join_processes(torch_device), config)
    board = TensorBoardLog(out / FOLDER) if tensorboard and processes.is_first else None
    initial = open_initial_model(config.encoder, models_dir, config.side, config.seed)
    weights = default_weights(initial.model, facets)
    config = config.with_changes(side=initial.side)
    initial = initial.with_use_side(config.use_side)
    if config.contrastive_side:
        initial.check_side(config.contrastive_side, "--contrastive-side")
    if config.kept_views and config.contrastive_side not in (0, config.side):
        raise TrainingError(
            f"Cached views have {config.side} pixels in both stages: leave --contrastive-side "
            "out, or train with --kept-views 0."
        )

    callbacks.on_stage("Decoding photos")
    side, cache = bank_side(initial.side), out / "photos"
    evaluation_bank = None
    with processes.first_process_first():
        bank = open_bank(sources, side, cache, workers=workers, on_progress=callbacks.on_decoded)
        if evaluate_on:
            evaluation_bank = open_bank(evaluate_on, side, cache, workers=workers)
    config = epochs_to_steps(config, bank, epochs, contrastive_epochs)
    prepared = prepare(bank, initial, config, rules)
    callbacks.on_prepared(prepared, config)
    if config.kept_views:
        callbacks.on_stage("Caching the views' outputs of the frozen stages")
        with processes.first_process_first():
            views = cache_views(
                initial.model, bank, config, cache, torch_device, callbacks.on_cached
            )
        prepared = replace(prepared, data=replace(prepared.data, cached_views=views))
    if not processes.is_first:
        fit(initial, prepared, config, torch_device, out, processes, callbacks)
        return None

    evaluation_set = evaluation_set_of(prepared, evaluation_bank, rules)

    def embed_set(model: AppearanceModel) -> dict[str, Float32]:
        photos = evaluation_set.photos
        return embed_pixels(model, evaluation_set.bank, photos, initial.use_side, torch_device)

    callbacks.on_stage("Evaluating the initial model")
    blocks = embed_set(initial.model)
    before = EvaluationEmbeddings.of(evaluation_set, blocks, initial.layout)
    callbacks.on_stage(TRAINING)
    model = fit(initial, prepared, config, torch_device, out, processes, callbacks, board)
    callbacks.on_stage("Evaluating the trained model")
    blocks = embed_set(model)
    chosen = (
        WeightChoice(weights, "given") if weights else best_weights(model, evaluation_set, blocks)
    )
    set_facet_weights(model, chosen.weights)
    after = EvaluationEmbeddings.of(evaluation_set, blocks, model.config.layout())
    dtype = torch.float16 if half_weights else torch.float32
    save_appearance(out, model.cpu(), initial.clip_config, initial.preprocess, dtype)
    options = RunOptions(
        data=tuple(map(str, sources)),
        evaluate_on=tuple(map(str, evaluate_on)),
        labels=str(labels or ""),
        facets=dict(facets),
        half_weights=half_weights,
    )
    outcome = {"device": str(torch_device), "facets": chosen.weights}
    write_run_file(out, options, config, data=data_facts(prepared), result=outcome)
    return TrainResult(
        folder=out,
        config=config,
        prepared=prepared,
        weights=dict(model.config.weights),
        weights_reason=chosen.reason,
        use_side=initial.use_side,
        evaluation_set=evaluation_set,
        before=before,
        after=after,
        evaluation=compare(evaluation_set, before, after),
    )


def default_weights(model: AppearanceModel, facets: Mapping[str, float]) -> dict[str, float]:
    """Returns the default facet weights that a user asked for, summing to 1; empty for none.

    Raises:
        TrainingError: a weight is 0.
        EngineError: the model has no such facet.
    """
    weights = model.config.layout().requested_weights(facets) if facets else {}
    if not all(weights.values()):
        raise TrainingError("A default weight must be above 0; give --facet a small one instead.")
    return weights


def epochs_to_steps(
    config: TrainConfig, bank: PhotoBank, epochs: float | None, contrastive_epochs: float | None
) -> TrainConfig:
    """Returns the config with steps for the given epochs, rounded up."""
    photos = int((~validation_mask(bank, config.split)[bank.product]).sum())

    def steps(count: float | None) -> int | None:
        return None if count is None else math.ceil(count * photos / config.batch)

    return config.with_changes(steps=steps(epochs), contrastive_steps=steps(contrastive_epochs))


def evaluation_set_of(
    prepared: PreparedData, evaluation_bank: PhotoBank | None, rules: Sequence[LabelRule]
) -> EvaluationSet:
    """Returns all products of the evaluation bank, or else the validation split."""
    if evaluation_bank is None:
        return EvaluationSet.of(prepared.bank, prepared.table, prepared.validation)
    table = label_products(with_photo_colours(evaluation_bank, rules), rules)
    everything = np.ones(len(evaluation_bank.records), dtype=bool)
    return EvaluationSet.of(evaluation_bank, table, everything, held_out=False)


def best_weights(
    model: AppearanceModel, evaluation_set: EvaluationSet, blocks: Mapping[str, Float32]
) -> WeightChoice:
    """Chooses the default facet weights on the evaluation set, if enough of its products judge."""
    pooled = {
        name: evaluation_set.pool(blocks[name], FacetLayout.of({name: dim}))
        for name, dim in model.config.dims.items()
    }
    return search_weights(pooled, evaluation_set.table, model.config.weights)


def fit(
    initial: InitialModel,
    prepared: PreparedData,
    config: TrainConfig,
    device: torch.device,
    out: Path,
    processes: Processes,
    callbacks: Callbacks,
    board: TensorBoardLog | None = None,
) -> AppearanceModel:
    """Runs the training loop with its checkpoint and its logs in ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    if processes.is_first:
        remove_drafts(out / STATE_FILE)
    terms, facets = [term.name for term in prepared.terms], list(initial.model.config.dims)
    log = StepLog(out / LOG_FILE, terms, facets, processes.is_first)

    def on_step(report: StepReport) -> None:
        log.write(report)
        if board:
            board.write(report)
        callbacks.on_step(report)

    try:
        return train(
            initial.model,
            prepared.data,
            prepared.terms,
            config,
            device,
            Checkpoint(out / STATE_FILE, config, data_digest(prepared)),
            processes,
            on_step,
            callbacks.on_mined,
            callbacks.on_stopping,
        )
    finally:
        if board:
            board.close()
