"""The settings of a run that trains heads; without torch, as help texts come from here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from engine.training.data.config import setting


@dataclass(frozen=True)
class HeadsConfig:
    """The settings of a run; equal settings, data and threads give equal weights."""

    encoder: str = setting("default", "The model whose tower stays, as LOOKALIKE_ENCODER.")
    split: str = setting("v1", "The split whose validation products are never trained on.")
    seed: int = setting(0, "Seed of all random choices.")
    # Blocks
    shape_dim: int = setting(128, "Length of the shape block.")
    colour_dim: int = setting(80, "Length of the colour block.")
    part_dim: int = setting(128, "Length of the rows of each linear part of the shape head.")
    shape_shares: Mapping[str, float] = field(
        default_factory=lambda: {"identity": 0.06, "design": 0.28, "street": 0.32, "words": 0.34}
    )
    colour_shares: Mapping[str, float] = field(
        default_factory=lambda: {"tuned": 0.55, "words": 0.45}
    )
    # Duration
    identity_steps: int = setting(600, "Steps of the part that identity triplets train.")
    design_steps: int = setting(2000, "Steps of the parts that identity and labels train.")
    words_steps: int = setting(1500, "Steps of the classifier of types.")
    colour_steps: int = setting(1500, "Steps of the colour head.")
    text_steps: int = setting(350, "Steps of the text tower; 0: texts stay as they are.")
    clip_weight: float = setting(0.3, "Weight of CLIP's own image embedding in the text stage.")
    # Default weights of the facets in the saved model
    weights: Mapping[str, float] = field(
        default_factory=lambda: {"shape": 0.65, "colour": 0.32, "pattern": 0.03}
    )
    photo_weights: Mapping[str, float] = field(
        default_factory=lambda: {"shape": 0.85, "colour": 0.13, "pattern": 0.02}
    )
    # Batches of the shape parts
    batch_types: int = setting(10, "Types in a batch.")
    type_families: int = setting(8, "Families of each type in a batch.")
    family_photos: int = setting(4, "Photos of each family in a batch, at most.")
    type_photos: int = setting(32, "Photos of each type in a batch; others fill it up.")
    street_types: int = setting(3, "Of these types, how many pair street photos with shop photos.")
    # Optimiser (AdamW)
    margin: float = setting(0.2, "Margin of the triplets, in squared distance.")
    shape_lr: float = setting(1e-3, "Peak learning rate of the linear parts.")
    words_lr: float = setting(2e-3, "Peak learning rate of the classifier of types.")
    colour_lr: float = setting(5e-4, "Peak learning rate of the colour head.")
    smoothing: float = setting(0.1, "Label smoothing of all classifiers.")
    hard_from: float = setting(0.6, "Share of the steps after which all violations count.")

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON or TOML file."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: dict(value) if isinstance(value, Mapping) else value
            for name, value in values.items()
        }
