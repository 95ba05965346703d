"""The result of a run, and the callbacks that it calls."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.evaluation.report import EvaluationReport
from engine.training.data.config import TrainConfig
from engine.training.data.photo_bank import OnProgress
from engine.training.data.preparation import PreparedData
from engine.training.loop.evaluation import EvaluationEmbeddings, EvaluationSet
from engine.training.loop.loop import StepReport

TRAINING = "Training"  # the stage in which steps are reported


@dataclass(frozen=True)
class TrainResult:
    """A trained model and its evaluation on products that it was not trained on.

    Attributes:
        folder: the model's folder.
        config: the settings, with epochs converted to steps.
        prepared: the training data.
        weights: the default facet weights.
        weights_reason: where they are from, such as "given".
        use_side: edge in pixels of the square photos that the encoder takes.
        evaluation_set: the products that it is evaluated on.
        before, after: their embeddings by the initial and by the trained model.
        evaluation: the measures of both.
    """

    folder: Path
    config: TrainConfig
    prepared: PreparedData
    weights: dict[str, float]
    weights_reason: str
    use_side: int
    evaluation_set: EvaluationSet
    before: EvaluationEmbeddings
    after: EvaluationEmbeddings
    evaluation: EvaluationReport


@dataclass(frozen=True)
class Callbacks:
    """Functions that a run calls; by default they do nothing.

    Attributes:
        on_decoded: with the number of photos decoded and in all.
        on_stage: with the name of the stage that begins.
        on_prepared: with the training data and the final settings.
        on_step: with the measurements of each step.
        on_mined: with the photos embedded or searched in a round of offline mining, and in all.
        on_cached: with the number of views cached and in all.
        on_stopping: when Ctrl-C or SIGTERM asks the training loop to stop.

    >>> losses = []
    >>> callbacks = Callbacks(on_step=lambda report: losses.append(report.loss))
    """

    on_decoded: OnProgress = lambda done, total: None
    on_stage: Callable[[str], None] = lambda name: None
    on_prepared: Callable[[PreparedData, TrainConfig], None] = lambda prepared, config: None
    on_step: Callable[[StepReport], None] = lambda report: None
    on_mined: OnProgress = lambda done, total: None
    on_cached: OnProgress = lambda done, total: None
    on_stopping: Callable[[], None] = lambda: None


NO_CALLBACKS = Callbacks()
