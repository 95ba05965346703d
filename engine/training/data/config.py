"""Every knob of a training run in one frozen value, with its range and its reason.

No torch here: `lookalike train --help` takes its words from these fields.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

DEFAULT_TERMS: Mapping[str, float] = {
    # label column -> weight of its triplet loss; which facets it trains stands in engine.labels
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
    # Little: with it every other photo is a negative, the most alike ones too.
    "product": 0.05,
}


@dataclass(frozen=True)
class Views:
    """How far another view of a photo may go; every range is sampled evenly.

    ``zoom`` is the share of the photo's side that is seen (over 1: a border is added), ``turn``
    is in degrees, ``shift`` in shares of the side; the others are relative. ``scene`` is the
    chance that a plain background is swapped for another one, ``erase`` that a patch of a
    seventeenth to a sixth of the photo is painted over (random erasing, Zhong et al. 2020).
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


def knob(default: Any, meaning: str) -> Any:  # noqa: ANN401 - stands for a field of any type
    """A field with the words that explain it on the command line."""
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class TrainConfig:
    """What a run is; two runs with equal values and data give equal weights on the CPU."""

    # The start
    encoder: str = knob(
        "default",
        "What to start from, as LOOKALIKE_ENCODER; imagenet-lite0 or imagenet-lite1 begins anew.",
    )
    side: int = knob(112, "Pixels of the views' edge; 0, and always for a ViT: the encoder's.")
    use_side: int = knob(
        0,
        "Pixels of the photos' edge in use, where nothing is zoomed in, so that more suits "
        "(Touvron et al. 2019); 0, and always for a ViT: as the views'.",
    )
    contrastive_side: int = knob(0, "The same for the stage with titles; smaller is faster.")
    # How long
    contrastive_steps: int = knob(0, "Steps of photos against titles, before the triplets.")
    steps: int = knob(600, "Triplet steps.")
    # A batch, mined as a whole; all of it is from one source
    shares: tuple[float, ...] = knob((), "How often each --data gives a batch; else by its photos.")
    labels_per_batch: int = knob(32, "Labels in a batch, P.")
    photos_per_label: int = knob(3, "Photos of each label, K; FaceNet had about 40.")
    chunk: int = knob(
        128, "Photos that are embedded at a time; below P x K gradients are cached to save memory."
    )
    memory: int = knob(0, "Rows of past batches to mine among; 0: none.")  # Wang et al. 2020
    memory_weight: float = knob(0.5, "Weight of their triplets beside the batch's own.")
    categories_per_batch: int = knob(8, "Categories (types) that share a batch evenly.")
    offline_every: int = knob(
        0, "Steps between rounds that search all photos for the nearest wrong ones; 0: none."
    )
    offline_share: float = knob(0.5, "Share of a batch that is made of what a round found.")
    # Losses
    margin: float = knob(0.2, "By how much a negative must be farther, in squared distance.")
    terms: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_TERMS))
    proxy_weight: float = knob(
        0.3, "Weight of words as targets while triplets train: learned rows, one a word; 0: off."
    )
    text_weight: float = knob(
        0.2, "Weight of titles while triplets train, so that photos stay aligned with them; 0: off."
    )
    hard_from: float = knob(0.9, "Share of the steps after which mining turns hard; 1: never.")
    # Steps of the optimiser (AdamW)
    tower_lr: float = knob(3e-4, "Peak learning rate of the pretrained image tower.")
    heads_lr: float = knob(1e-3, "Peak learning rate of all else.")
    weight_decay: float = knob(0.02, "Weight decay.")
    warmup: int = knob(50, "Steps over which the learning rate rises.")
    clip_norm: float = knob(5.0, "Longest gradient; longer ones are shortened to it.")
    frozen_stages: int = knob(0, "Earliest stages of a timm tower that keep their weights.")
    drop_path: float = knob(
        0.0,
        "Chance that a photo skips the tower's last residual block, less before it (stochastic "
        "depth, Huang et al. 2016); against learning by heart.",
    )
    kept_views: int = knob(
        0, "Views of each photo that pass the frozen stages once, for all steps; 0: new ones."
    )
    ema: float = knob(0.995, "Decay of the averaged weights, which are what is saved; 0: off.")
    views: Views = field(default_factory=Views)
    # Housekeeping
    seed: int = knob(0, "Another seed, another run.")
    threads: int = knob(0, "Threads of torch; 0: torch decides.")
    precision: str = knob("auto", "bf16 or float32; auto: bf16 on a GPU.")
    checkpoint_activations: bool = knob(False, "Less memory, a third more time: for big towers.")
    save_every: int = knob(50, "Steps between two states that a killed run goes on from.")
    split: str = knob("v1", "The split whose validation side is never trained on.")

    @property
    def batch(self) -> int:
        """Photos in a batch, over all processes."""
        return self.labels_per_batch * self.photos_per_label

    @property
    def total_steps(self) -> int:
        """Contrastive and triplet steps together."""
        return self.contrastive_steps + self.steps

    def as_json(self) -> dict[str, Any]:
        """Plain values for JSON and checkpoints."""
        return asdict(self) | {"terms": dict(self.terms)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "TrainConfig":
        """The inverse of `as_json`."""
        views: dict[str, Any] = dict(values["views"])
        seen = Views(**{**views, "zoom": tuple(views["zoom"])})
        return cls(**{**values, "views": seen, "shares": tuple(values["shares"])})

    def with_changes(self, **changes: Any) -> "TrainConfig":  # noqa: ANN401 - any knob's type
        """A copy with the knobs that are not None changed."""
        return replace(self, **{k: v for k, v in changes.items() if v is not None})

    def differences(self, other: "TrainConfig") -> list[str]:
        """Names of the knobs in which two runs differ."""
        return [f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name)]
