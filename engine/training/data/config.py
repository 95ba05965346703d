"""The settings of a training run in one frozen dataclass.

Without torch, as `lookalike train --help` takes its texts from these fields.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

DEFAULT_TERMS: Mapping[str, float] = {
    # label column -> weight of its triplet loss; `engine.labels` maps columns to facets
    "type": 1.0,
    "colour": 1.0,
    "pattern": 0.6,
    "type_colour": 1.0,
    "type_pattern": 0.2,
    "type_sleeve": 0.3,
    "type_neck": 0.3,
    "type_length": 0.3,
    "type_gender": 0.3,
    "group": 0.2,
    # Low, as every other product is a negative here, the most similar ones included.
    "product": 0.05,
}
NEGATIVES = ("all", "own")  # values of `TrainConfig.negatives`
MINERS = ("semi-hard", "random", "batch-all", "batch-hard")


@dataclass(frozen=True)
class Views:
    """Ranges of the augmentation; each is sampled uniformly.

    Attributes:
        zoom: share of the photo's side that a view shows; above 1 a border is added.
        stretch: largest relative change of the aspect ratio.
        turn: largest rotation in degrees.
        shift: largest shift, as a share of the side.
        light, contrast: largest relative change of brightness and contrast.
        balance: largest relative change of a colour channel.
        mirror: mirror half of the views.
        scene: probability of a new background colour where the background is plain.
        erase: probability of an erased patch, 24% to 40% of the side wide and high (random
            erasing, Zhong et al. 2020).
    """

    zoom: tuple[float, float] = (0.5, 1.12)
    stretch: float = 0.15
    turn: float = 15.0
    shift: float = 0.08
    light: float = 0.12
    contrast: float = 0.12
    balance: float = 0.03
    mirror: bool = True
    scene: float = 0.3
    erase: float = 0.5


def setting(default: Any, text: str) -> Any:  # noqa: ANN401 - stands for a field of any type
    """Returns a dataclass field with its help text."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class TrainConfig:
    """The settings of a run; on the CPU, equal settings and data give equal weights.

    >>> config = TrainConfig(steps=100).with_changes(margin=0.3)
    >>> config.batch, config.total_steps, config.margin
    (96, 100, 0.3)
    """

    # Initial model
    encoder: str = setting(
        "default",
        "The initial model, as LOOKALIKE_ENCODER; imagenet-lite0 or imagenet-lite1: a new CLIP "
        "from ImageNet weights.",
    )
    side: int = setting(
        112, "Edge of the training views in pixels; 0, and always for a ViT: the encoder's."
    )
    use_side: int = setting(
        0,
        "Edge of the photos in pixels when the encoder is used. Training views are zoomed in, so "
        "that a larger one suits (Touvron et al. 2019); 0, and always for a ViT: as --side.",
    )
    contrastive_side: int = setting(
        0, "Edge of the views in the contrastive stage; smaller is faster; 0: as --side."
    )
    # Duration
    contrastive_steps: int = setting(
        0, "Steps of the contrastive stage (photos against titles) before the triplet stage."
    )
    steps: int = setting(600, "Steps of the triplet stage.")
    # A batch: mined as a whole, all photos from one source
    shares: tuple[float, ...] = setting((), "Relative frequency of batches from each --data.")
    labels_per_batch: int = setting(32, "Labels in a batch, P.")
    photos_per_label: int = setting(3, "Photos of each label in a batch, K; FaceNet: about 40.")
    chunk: int = setting(
        128,
        "Photos embedded at a time; below P x K, gradient caching keeps the batch (Gao et al. "
        "2021).",
    )
    memory: int = setting(
        0, "Embeddings of past batches to mine among (Wang et al. 2020); 0: none."
    )
    memory_weight: float = setting(0.5, "Weight of the triplets with past embeddings.")
    categories_per_batch: int = setting(8, "Categories (types) that share a batch evenly.")
    offline_every: int = setting(
        0, "Steps between rounds of offline mining among all training photos; 0: none."
    )
    offline_share: float = setting(0.5, "Share of a batch from the triplets of the last round.")
    # Losses
    margin: float = setting(
        0.2, "By how much a negative must be farther than a positive, in squared distance."
    )
    terms: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_TERMS))
    proxy_weight: float = setting(
        0.3, "Weight of the proxy loss in the triplet stage: a learned proxy for each word; 0: off."
    )
    text_weight: float = setting(
        0.2, "Weight of the contrastive loss in the triplet stage: keeps titles aligned; 0: off."
    )
    miner: str = setting(
        "semi-hard",
        "Triplets of a batch to learn from until --hard-ramp-from: semi-hard (FaceNet), random "
        "(uniform negatives, a baseline), batch-all or batch-hard (Hermans et al. 2017).",
    )
    hard_from: float = setting(
        0.9,
        "Where a ramp begins, as a share of the triplet steps: from there on more and more steps "
        "mine batch-hard triplets, none at its beginning and all at the end; 1: no step does.",
    )
    negatives: str = setting(
        "all",
        "With several processes, where triplets and contrastive pairs come from: all, the batch as "
        "a whole, as one process would; own, each process's share of the labels, so no rows are "
        "gathered.",
    )
    # Optimiser (AdamW)
    tower_lr: float = setting(3e-4, "Peak learning rate of the pretrained image tower.")
    heads_lr: float = setting(1e-3, "Peak learning rate of everything else.")
    weight_decay: float = setting(0.02, "Weight decay.")
    warmup: int = setting(
        50,
        "Steps over which the learning rate rises; half of a stage that has fewer steps than this.",
    )
    clip_norm: float = setting(5.0, "Gradients are clipped to this norm.")
    frozen_stages: int = setting(
        0, "First stages of the image tower to freeze, with its stem; of a ViT: first blocks."
    )
    drop_path: float = setting(
        0.0,
        "Stochastic depth (Huang et al. 2016) against overfitting: probability that a photo skips "
        "the tower's last residual block; less for the blocks before.",
    )
    kept_views: int = setting(
        0,
        "Views of each photo whose output of the frozen stages is cached for all steps; 0: new "
        "views in every step.",
    )
    ema: float = setting(
        0.995, "Decay of the exponential moving average of the weights, which is saved; 0: off."
    )
    views: Views = field(default_factory=Views)
    # Housekeeping
    seed: int = setting(0, "Seed of all random choices.")
    threads: int = setting(0, "Threads of torch; 0: torch decides.")
    precision: str = setting("auto", "bf16 or float32; auto: bf16 on a GPU.")
    checkpoint_activations: bool = setting(
        False, "Activation checkpointing: less memory, a third more time; for large towers."
    )
    save_every: int = setting(50, "Steps between checkpoints, from which a killed run resumes.")
    split: str = setting("v1", "The split whose validation products are never trained on.")

    @property
    def batch(self) -> int:
        """Photos in a batch, over all processes."""
        return self.labels_per_batch * self.photos_per_label

    @property
    def total_steps(self) -> int:
        """Contrastive and triplet steps together."""
        return self.contrastive_steps + self.steps

    def as_json(self) -> dict[str, Any]:
        """Returns plain values for JSON and checkpoints."""
        return asdict(self) | {"terms": dict(self.terms)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "TrainConfig":
        """The inverse of `as_json`."""
        views = Views(**{**values["views"], "zoom": tuple(values["views"]["zoom"])})
        return cls(**{**values, "views": views, "shares": tuple(values["shares"])})

    def with_changes(self, **changes: Any) -> "TrainConfig":  # noqa: ANN401 - any field's type
        """Returns a copy with the fields that are not None changed."""
        return replace(self, **{k: v for k, v in changes.items() if v is not None})

    def differences(self, other: "TrainConfig") -> list[str]:
        """Returns the names of the fields in which two configs differ."""
        return [f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name)]
