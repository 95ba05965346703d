"""The training loop, to be read from top to bottom.

A run has two stages over one model. First photos meet their titles (CLIP's contrastive loss),
which teaches the tower what clothes are called; then triplets, one loss a facet (conditional
triplets), teach it what looks alike: semi-hard ones first, hard ones later (FaceNet, Schroff et
al. 2015). A shop that starts from the shipped model needs the second stage only.

Every batch, view and choice of miner is a pure function of the seed and the step, so a run that
was killed goes on from its last state as if nothing had happened.
"""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from engine.encoders.appearance import AppearanceModel, normalisation
from engine.errors import Diverged
from engine.training.data.batches import Batch, Batches, TrainingData
from engine.training.data.cached_views import SplitModel
from engine.training.data.config import TrainConfig
from engine.training.data.distributed import Processes
from engine.training.data.initial_model import add_stochastic_depth, freeze_stages, parameter_groups
from engine.training.loop.checkpoint import Checkpoint, TrainingState
from engine.training.loop.gradient_cache import average, backward
from engine.training.loop.mining_rounds import MiningRounds, OnMined
from engine.training.loop.objective import BatchLoss, Objective, spread
from engine.training.loop.proxies import Proxies, proxy_group
from engine.training.loop.schedule import learning_rate_factor
from engine.training.losses.conditional import Term

COLLAPSED_SPREAD = 0.02  # of the rows of a batch; 1 is the most
COLLAPSE_PATIENCE = 20  # steps in a row
ALONE = Processes()


@dataclass(frozen=True)
class StepReport:
    """What one step did, for a progress line and the log. ``active`` is a share, per term."""

    step: int
    loss: float
    text_loss: float
    losses: dict[str, float]
    active: dict[str, float]
    spread: float
    learning_rate: float
    photos_per_second: float


def train(
    model: AppearanceModel,
    data: TrainingData,
    terms: list[Term],
    config: TrainConfig,
    device: torch.device,
    state: Checkpoint,
    processes: Processes = ALONE,
    on_step: Callable[[StepReport], None] = lambda report: None,
    on_mined: OnMined = lambda done, total: None,
) -> AppearanceModel:
    """Train, and return the model whose weights are to be kept (the averaged ones).

    Args:
        model: the start; trained in place.
        data: photos and labels.
        terms: the triplet losses.
        config: every knob.
        device: where to compute.
        state: where the run is saved, and from where it goes on if it was.
        processes: the group this process belongs to.
        on_step: called after every step.
        on_mined: called while a round of offline mining goes on.

    Raises:
        Diverged: the loss is not finite, or the embedding collapsed; the last state is kept.
        NotEnoughData: no batch with a negative can be drawn.
    """
    # The tower sees batches of few categories: its running statistics would follow them. With
    # fixed ones a photo's row depends on that photo alone, which gradient caching and several
    # processes rely on.
    model.to(device).to(memory_format=torch.channels_last).eval()
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
    held = TrainingState(model, averaged, proxies, optimizer, objective.memory, rounds)
    first_step = state.restore(held, device)
    normalised = normalisation(model.clip, device)
    batches = Batches(data, config, processes, device, normalised, rounds.mix)
    forward = (
        model if data.cached_views is None else SplitModel(model, config.frozen_stages).forward
    )
    # Temperature and proxies act on the gathered rows: every process has their whole gradient.
    shared = {id(p) for name, p in model.clip.named_parameters() if name == "logit_scale"}
    shared |= {id(p) for p in proxies.parameters()}
    learning = [*model.parameters(), *proxies.parameters()]
    alarm = CollapseDetector()

    for step in range(first_step, config.total_steps):
        if rounds.is_due(step):
            if processes.is_first:
                rounds.mine(averaged, step, device, on_mined)
                add_stochastic_depth(
                    model.clip, config.drop_path
                )  # to embed photos, none was skipped
            rounds.load_state_dict(processes.broadcast(rounds.state_dict()))

        began = time.perf_counter()
        factor = stage_factor(step, config)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * factor

        batch = batches.draw(step)

        def see(part: slice, batch: Batch = batch, step: int = step) -> dict[str, Tensor]:
            if config.drop_path:  # the same blocks when gradient caching comes here again
                drawn_by = (config.seed * 1_000_003 + step) * processes.count + processes.rank
                torch.manual_seed(drawn_by * 1_000_003 + part.start)
            with autocast(config, device):
                blocks, embedding = forward(batch.views[part])
                seen = {**blocks, "embedding": embedding}
                if batch.texts is not None:
                    seen["text"] = model.clip.encode_text(batch.texts[part])
            return {name: rows.float() for name, rows in seen.items()}

        def loss_of(seen: dict[str, Tensor], batch: Batch = batch, step: int = step) -> BatchLoss:
            return objective(seen, batch.labels, step, batch.source)

        optimizer.zero_grad(set_to_none=True)
        cost, seen = backward(see, loss_of, len(batch.views), config.chunk)
        processes.sum_gradients(learning, shared)
        norm = nn.utils.clip_grad_norm_(learning, config.clip_norm)
        if not (torch.isfinite(cost.value) and torch.isfinite(norm)):
            raise Diverged(
                f"The loss is {float(cost.value.detach())} at step {step + 1}, and its gradient "
                f"{float(norm)}. The state of step {state.saved_step} is kept. Lower --tower-lr "
                "and --heads-lr, or use --precision float32, and run again."
            )
        optimizer.step()
        with torch.no_grad():
            model.clip.logit_scale.clamp_(0, float(np.log(100)))  # as CLIP does
        average(averaged, model, config.ema, step)

        spread_now = spread(model.join({name: seen[name] for name in model.config.dims}))
        alarm.check(spread_now, state.saved_step)
        if processes.is_first and state.is_due(step + 1, config):
            state.save(step + 1, held)
        on_step(
            StepReport(
                step=step + 1,
                loss=float(cost.value.detach()),
                text_loss=cost.text,
                losses=cost.losses,
                active=cost.active,
                spread=spread_now,
                learning_rate=config.tower_lr * factor,
                photos_per_second=config.batch / (time.perf_counter() - began),
            )
        )
    return averaged.eval()


class CollapseDetector:
    """Stops a run whose rows all fell onto one point.

    The loss then stays at the margin for ever and nothing is learned any more.
    """

    def __init__(self) -> None:
        self._flat_steps = 0

    def check(self, spread_now: float, saved_step: int) -> None:
        """Count a step; raise `Diverged` after `COLLAPSE_PATIENCE` flat ones in a row."""
        self._flat_steps = self._flat_steps + 1 if spread_now < COLLAPSED_SPREAD else 0
        if self._flat_steps >= COLLAPSE_PATIENCE:
            raise Diverged(
                f"The embedding collapsed: for {self._flat_steps} steps all rows lay within "
                f"{spread_now:.4f} of one point. The state of step {saved_step} is kept. Lower "
                "--heads-lr, or keep mining semi-hard for longer (--hard-from 1)."
            )


def stage_factor(step: int, config: TrainConfig) -> float:
    """The learning rate's factor: each stage warms up and cools down by itself."""
    if step < config.contrastive_steps:
        return learning_rate_factor(step, config.contrastive_steps, config.warmup)
    done = step - config.contrastive_steps
    return learning_rate_factor(done, config.steps, config.warmup)


def autocast(config: TrainConfig, device: torch.device) -> torch.autocast:
    """bf16 where asked for, and by itself on a GPU; on CPUs depthwise convolutions lose by it."""
    half = config.precision == "bf16" or (config.precision == "auto" and device.type == "cuda")
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=half)
