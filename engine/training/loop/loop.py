"""The training loop, to be read from top to bottom.

A run has two stages over one model. In the contrastive stage photos are compared with their
titles (CLIP), which teaches the image tower what clothes are called. In the triplet stage there is
one triplet loss for each facet (conditional triplets, Veit et al. 2017), which teaches it what
looks alike: semi-hard negatives first, hard ones later (FaceNet, Schroff et al. 2015). A shop that
starts from the shipped model needs the second stage only.

Every batch, view and negative is a pure function of the seed and the step, so a run that was
killed resumes from its last checkpoint as if it had not been interrupted.
"""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from engine.encoders.appearance import AppearanceModel, normalisation
from engine.errors import Diverged, Interrupted
from engine.training.data.batches import Batch, Batches, TrainingData
from engine.training.data.cached_views import SplitModel
from engine.training.data.config import TrainConfig
from engine.training.data.distributed import Processes
from engine.training.data.frozen_stages import freeze_stages
from engine.training.data.initial_model import add_stochastic_depth, parameter_groups
from engine.training.loop.checkpoint import Checkpoint, TrainingState
from engine.training.loop.collapse import CollapseGuard
from engine.training.loop.gradient_cache import backward, update_average
from engine.training.loop.mining_rounds import MiningRounds, OnMined
from engine.training.loop.objective import BatchLoss, Objective, embedding_spread
from engine.training.loop.proxies import Proxies, proxy_group
from engine.training.loop.schedule import learning_rate_factor
from engine.training.loop.stopping import StopSignals
from engine.training.losses.conditional import Term

SINGLE_PROCESS = Processes()


@dataclass(frozen=True)
class StepReport:
    """The measurements of one step, for callbacks and the step log.

    Attributes:
        step: from 1.
        loss: what was minimised.
        text_loss: the contrastive loss, 0 if titles took no part.
        losses: term -> triplet loss.
        active: term -> active-triplet share, in [0, 1].
        spread: the embedding spread of the batch, in [0, 1].
        spreads: facet -> the spread of its rows alone.
        learning_rate: of the image tower.
        photos_per_second: over all processes.
    """

    step: int
    loss: float
    text_loss: float
    losses: dict[str, float]
    active: dict[str, float]
    spread: float
    spreads: dict[str, float]
    learning_rate: float
    photos_per_second: float


def train(
    model: AppearanceModel,
    data: TrainingData,
    terms: list[Term],
    config: TrainConfig,
    device: torch.device,
    checkpoint: Checkpoint,
    processes: Processes = SINGLE_PROCESS,
    on_step: Callable[[StepReport], None] = lambda report: None,
    on_mined: OnMined = lambda done, total: None,
    on_stopping: Callable[[], None] = lambda: None,
) -> AppearanceModel:
    """Trains a model and returns it with the weights to save, those of the moving average.

    Args:
        model: the initial model, trained in place.
        data: photos and labels.
        terms: the triplet losses.
        config: the settings of the run.
        device: where to compute.
        checkpoint: where the run is saved, and where it resumes from if it was saved before.
        processes: the group that this process belongs to.
        on_step: called after every step.
        on_mined: called in a round of offline mining.
        on_stopping: called when Ctrl-C or SIGTERM asks the run to stop.

    Raises:
        Interrupted: it stopped for that after the step in progress, and its state is saved.
        Diverged: the loss is not finite, or a facet collapsed; the last checkpoint stays, and no
            collapsed model replaces it.
        NotEnoughData: no batch with a negative can be sampled.
    """
    # Batch norm stays in evaluation mode: batches of few categories would shift its running
    # statistics. With fixed ones a photo's row depends on that photo alone, which gradient
    # caching and training with several processes rely on.
    model.to(device).to(memory_format=torch.channels_last).eval()
    guard = CollapseGuard(model, data, config.side, device)
    freeze_stages(model.clip, config.frozen_stages)
    add_stochastic_depth(model.clip, config.drop_path)
    if config.checkpoint_activations:
        model.clip.set_grad_checkpointing()
    torch.backends.cudnn.benchmark = device.type == "cuda"  # every step has the same shapes
    proxies = Proxies(terms, data, model.config.dims, config.seed).to(device)
    groups = parameter_groups(model, config.tower_lr, config.heads_lr, config.weight_decay)
    optimizer = torch.optim.AdamW([*groups, proxy_group(proxies, config)], betas=(0.9, 0.98))
    averaged = copy.deepcopy(model).eval() if config.ema else model
    objective = Objective(model, terms, config, processes, proxies)
    rounds = MiningRounds(data, terms, config)
    state = TrainingState(model, averaged, proxies, optimizer, objective.memory, rounds)
    first_step = checkpoint.restore(state, device)
    batches = Batches(
        data, config, processes, device, normalisation(model.clip, device), rounds.mix
    )
    # With cached views a step begins after the frozen stages.
    cached = data.cached_views is not None
    forward = SplitModel(model, config.frozen_stages).forward if cached else model
    # Temperature and proxies act on the gathered rows: every process has their whole gradient.
    shared = {id(p) for name, p in model.clip.named_parameters() if name == "logit_scale"}
    shared |= {id(p) for p in proxies.parameters()}
    parameters = [*model.parameters(), *proxies.parameters()]

    with StopSignals(on_stopping) as stop:
        for step in range(first_step, config.total_steps):
            # Offline mining: every n steps, search all photos for hard negatives.
            if rounds.is_due(step):
                if processes.is_first:
                    rounds.mine(averaged, step, device, on_mined)
                    add_stochastic_depth(model.clip, config.drop_path)  # mining turned it off
                rounds.load_state_dict(processes.broadcast(rounds.state_dict()))

            # Schedule and batch.
            started = time.perf_counter()
            factor = stage_factor(step, config)
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * factor
            batch = batches.draw(step)

            # Embeddings, loss and gradients; of a batch larger than a chunk by gradient caching.
            def embed(part: slice, batch: Batch = batch, step: int = step) -> dict[str, Tensor]:
                if config.drop_path:  # gradient caching embeds twice and must skip the same blocks
                    stream = (config.seed * 1_000_003 + step) * processes.count + processes.rank
                    torch.manual_seed(stream * 1_000_003 + part.start)
                with autocast(config, device):
                    blocks, embedding = forward(batch.views[part])
                    rows = {**blocks, "embedding": embedding}
                    if batch.texts is not None:
                        rows["text"] = model.clip.encode_text(batch.texts[part])
                return {name: values.float() for name, values in rows.items()}

            def loss_of(
                rows: dict[str, Tensor], batch: Batch = batch, step: int = step
            ) -> BatchLoss:
                return objective(rows, batch.labels, step, batch.source)

            optimizer.zero_grad(set_to_none=True)
            loss, rows = backward(embed, loss_of, len(batch.views), config.chunk)
            processes.sum_gradients(parameters, shared)

            # Optimiser step, and the moving average of the weights.
            norm = nn.utils.clip_grad_norm_(parameters, config.clip_norm)
            if not (torch.isfinite(loss.value) and torch.isfinite(norm)):
                raise Diverged(
                    f"The loss is {float(loss.value.detach())} at step {step + 1}, with a gradient "
                    f"of norm {float(norm)}. The checkpoint of step {checkpoint.saved_step} is "
                    "kept. Lower --tower-lr and --heads-lr, or use --precision float32, and run "
                    "again."
                )
            optimizer.step()
            with torch.no_grad():
                model.clip.logit_scale.clamp_(0, float(np.log(100)))  # as CLIP does
            update_average(averaged, model, config.ema, step)

            # Measurements, checkpoint and report.
            spread = embedding_spread(model.join({name: rows[name] for name in model.config.dims}))
            spreads = guard.watch(rows, model, checkpoint.saved_step, processes)
            due = checkpoint.is_due(step + 1, config)
            if processes.is_first and due and guard.is_sound(averaged):
                checkpoint.save(step + 1, state)
            on_step(
                StepReport(
                    step=step + 1,
                    loss=float(loss.value.detach()),
                    text_loss=loss.text,
                    losses=loss.losses,
                    active=loss.active,
                    spread=spread,
                    spreads=spreads,
                    learning_rate=config.tower_lr * factor,
                    photos_per_second=config.batch / (time.perf_counter() - started),
                )
            )
            if number := processes.largest(stop.requested, device):
                if processes.is_first and not due and guard.is_sound(averaged):
                    checkpoint.save(step + 1, state)
                raise interrupted(number, step + 1, config, checkpoint)
    guard.judge(averaged, checkpoint.saved_step)
    return averaged.eval()


def interrupted(number: int, step: int, config: TrainConfig, checkpoint: Checkpoint) -> Interrupted:
    """Returns the error that says where a run stopped and how it goes on."""
    saved = checkpoint.path
    kept = (
        f"Step {checkpoint.saved_step} is saved in {saved}: run the same command again to go on."
        if saved and checkpoint.saved_step
        else "Nothing is saved: run the same command again to start over."
    )
    return Interrupted(f"Stopped after step {step} of {config.total_steps}. {kept}", number)


def stage_factor(step: int, config: TrainConfig) -> float:
    """Returns the factor of the learning rates; each stage has a schedule of its own."""
    if step < config.contrastive_steps:
        return learning_rate_factor(step, config.contrastive_steps, config.warmup)
    done = step - config.contrastive_steps
    return learning_rate_factor(done, config.steps, config.warmup)


def autocast(config: TrainConfig, device: torch.device) -> torch.autocast:
    """Returns the autocast context: bf16 if configured, and by default on a GPU.

    Not by default on CPUs, where it slows down depthwise convolutions.
    """
    half = config.precision == "bf16" or (config.precision == "auto" and device.type == "cuda")
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=half)
