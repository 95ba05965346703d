"""What a run gives back, and what it calls on its way."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.evaluation.report import EvaluationReport
from engine.training.data.config import TrainConfig
from engine.training.data.photo_bank import OnProgress
from engine.training.data.preparation import PreparedData
from engine.training.loop.evaluation import EvaluationEmbeddings, EvaluationSet
from engine.training.loop.loop import StepReport


@dataclass(frozen=True)
class TrainResult:
    """What a run made, and how it does on products that it was not trained on.

    Attributes:
        folder: the model's folder.
        config: every knob, with the steps that epochs came to.
        prepared: what it was trained on.
        weights: the default facet weights, and ``by_hand`` whether they were given.
        use_side: side of the square photos that it sees in use.
        exam: the products that it is judged on.
        before, after: the start's and the trained rows of the exam.
        evaluation: the judgement.
    """

    folder: Path
    config: TrainConfig
    prepared: PreparedData
    weights: dict[str, float]
    weights_given: bool
    use_side: int
    evaluation_set: EvaluationSet
    before: EvaluationEmbeddings
    after: EvaluationEmbeddings
    evaluation: EvaluationReport


@dataclass(frozen=True)
class Callbacks:
    """What a run calls on its way: photos decoded, stages entered, steps done, photos mined, and
    views kept."""

    on_decoded: OnProgress = lambda done, total: None
    on_stage: Callable[[str], None] = lambda text: None
    on_prepared: Callable[[PreparedData, TrainConfig], None] = lambda prepared, config: None
    on_step: Callable[[StepReport], None] = lambda report: None
    on_mined: OnProgress = lambda done, total: None
    on_cached: OnProgress = lambda done, total: None


NO_CALLBACKS = Callbacks()
