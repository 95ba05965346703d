"""The initial model of a run: any open_clip model, with new facet heads if it has none."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from timm.layers.drop import DropPath
from torch import nn

from engine.encoders.appearance import AppearanceModel, OpenClip, image_side
from engine.encoders.checkpoint import load_appearance
from engine.encoders.facet_heads import AppearanceConfig
from engine.encoders.facets import FacetLayout
from engine.encoders.towers import PREPROCESS, imagenet_clip, imagenet_vision, model_config
from engine.errors import CheckpointError, TrainingError
from engine.models import IMAGENETS, resolved

# A text tower small enough to ship; most of its weights are the token embeddings.
SMALL_TEXT: dict[str, Any] = {
    "context_length": 24,
    "vocab_size": 49408,
    "width": 128,
    "heads": 4,
    "layers": 3,
}
EMBED_DIM = 256


@dataclass(frozen=True)
class InitialModel:
    """A model to train, and the configuration to save beside it.

    Attributes:
        model: with facet heads.
        clip_config: open_clip's ``model_cfg``.
        preprocess: open_clip's ``preprocess_cfg``.
        side: edge of the training views in pixels.
        layout: the facets of a model that was trained before, None for new heads.
    """

    model: AppearanceModel
    clip_config: dict[str, Any]
    preprocess: dict[str, Any]
    side: int
    layout: FacetLayout | None = None

    @property
    def use_side(self) -> int:
        """Edge of the square photos in pixels when the saved encoder is used."""
        return int(self.clip_config["vision_cfg"].get("image_size", self.side))

    def with_use_side(self, side: int) -> "InitialModel":
        """Returns a copy for use at another side; 0, and any side for a ViT, changes nothing.

        Raises:
            TrainingError: the image tower does not take photos of this side.
        """
        if not side or not is_convolutional(self.model.clip):
            return self
        self.check_side(side, "--use-side")
        vision = {**self.clip_config["vision_cfg"], "image_size": side}
        config = {**self.clip_config, "vision_cfg": vision}
        return dataclasses.replace(self, clip_config=config)

    def check_side(self, side: int, option: str) -> None:
        """Embeds a blank photo of ``side`` pixels.

        Args:
            side: edge of square photos in pixels.
            option: the command line's option that asked for it.

        Raises:
            TrainingError: the image tower does not take photos of this side.
        """
        try:
            with torch.no_grad():
                self.model.eval()(torch.zeros(1, 3, side, side))
        except Exception as error:  # timm and torch raise different types
            raise TrainingError(
                f"The image tower {tower_name(self.model.clip)} does not take photos of {side} "
                f"pixels: {first_line(error)} Leave {option} out: it was made for "
                f"{image_side(self.model.clip)} pixels."
            ) from error


def open_initial_model(encoder: str, models_dir: Path, side: int, seed: int) -> InitialModel:
    """Loads or builds the initial model.

    Args:
        encoder: as LOOKALIKE_ENCODER. ``imagenet-lite0`` and ``imagenet-lite1`` build a new
            CLIP: ImageNet weights in the image tower, a small text tower and facet heads with
            random weights.
        models_dir: where models that are built on first use are stored.
        side: edge of the training views in pixels; 0, and any side for a ViT: the encoder's own.
        seed: of new weights.

    Raises:
        EncoderUnavailable, CheckpointError: as `engine.encoders.towers.load_clip`; also for a
            tower on which no facet heads can be built.
        TrainingError: the image tower does not take photos of this side.
    """
    torch.manual_seed(seed)
    name = resolved(encoder)
    if name in IMAGENETS:
        vision = imagenet_vision(name, "linear", side or 224)
        clip = imagenet_clip(name, vision, SMALL_TEXT, EMBED_DIM)
        config = {"embed_dim": EMBED_DIM, "vision_cfg": vision, "text_cfg": SMALL_TEXT}
        model = AppearanceModel(clip, AppearanceConfig())
        return InitialModel(model, config, PREPROCESS, image_side(clip))
    loaded = load_appearance(name, models_dir)
    layout = loaded.config.layout() if isinstance(loaded, AppearanceModel) else None
    model = loaded if isinstance(loaded, AppearanceModel) else with_new_heads(loaded, name)
    described, preprocess = describe(model.clip, name, models_dir)
    # Convolutions take any size; a ViT's position embeddings take one.
    if not side or not is_convolutional(model.clip):
        return InitialModel(model, described, preprocess, image_side(model.clip), layout)
    # The saved encoder must be used at the size that it was trained at.
    initial = InitialModel(model, described, preprocess, side, layout)
    initial.check_side(side, "--side")
    return initial.with_use_side(side)


def with_new_heads(clip: OpenClip, name: str) -> AppearanceModel:
    """Puts random facet heads on a model's image tower.

    Raises:
        CheckpointError: the tower does not return its feature maps, or does not take photos of
            the side in its config.
    """
    try:
        return AppearanceModel(clip, AppearanceConfig(taps=pick_taps(clip, name)))
    except CheckpointError:
        raise
    except Exception as error:  # timm, open_clip and torch raise different types
        raise CheckpointError(
            f"No facets can be trained on the image tower of {name!r} ({tower_name(clip)}): "
            f"{first_line(error)} Start from another one: a ViT, a ResNet or an EfficientNet."
        ) from error


def tower_name(clip: OpenClip) -> str:
    """Returns the class of an image tower, such as SwinTransformer."""
    return type(getattr(clip.visual, "trunk", clip.visual)).__name__


def first_line(error: Exception) -> str:
    """Returns an exception's first line as a sentence."""
    text = str(error).strip() or repr(error)
    return text.splitlines()[0].rstrip(".") + "."


def pick_taps(clip: OpenClip, name: str) -> tuple[int, ...]:
    """Chooses three feature maps of a tower, early to middle, for the colour and pattern heads.

    Raises:
        CheckpointError: a tower that does not return its feature maps.
    """
    visual = clip.visual
    if not hasattr(visual, "forward_intermediates"):
        raise CheckpointError(
            f"The image tower of {name!r} is a {type(visual).__name__}, which has no feature maps "
            "to train facets on. Start from a ViT, a ResNet or a timm tower."
        )
    if is_convolutional(clip):
        stages = len(visual.trunk.feature_info)
        return tuple(sorted({min(1, stages - 1), min(2, stages - 1), min(3, stages - 1)}))
    if hasattr(visual, "attnpool"):  # CLIP's own ResNets
        return (1, 2, 4)  # open_clip 3 stops at the last tap, so that must be the tower's last map
    depth = len(visual.trunk.blocks if hasattr(visual, "trunk") else visual.transformer.resblocks)
    return tuple(sorted({depth // 6, depth // 3, (2 * depth) // 3}))


def is_convolutional(clip: OpenClip) -> bool:
    """Whether the image tower is one of timm's convolutional networks."""
    trunk = getattr(clip.visual, "trunk", None)
    return trunk is not None and not hasattr(trunk, "pos_embed")


def describe(clip: OpenClip, name: str, models_dir: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns ``model_cfg`` and ``preprocess_cfg`` of the model that ``name`` loaded."""
    preprocess = dict(getattr(clip.visual, "preprocess_cfg", None) or PREPROCESS)
    kept = {key: preprocess[key] for key in ("mean", "std", "interpolation") if key in preprocess}
    return model_config(name, models_dir), kept | {"resize_mode": "longest"}


def add_stochastic_depth(clip: OpenClip, probability: float) -> None:
    """Lets photos skip residual blocks in training: stochastic depth (Huang et al. 2016).

    Args:
        clip: changed in place; its blocks are in training mode afterwards.
        probability: of skipping the tower's last block; it rises linearly from 0 at the first.

    Raises:
        TrainingError: a tower that is not of timm's EfficientNet family.
    """
    if probability <= 0:
        return
    stages = getattr(getattr(clip.visual, "trunk", None), "blocks", ())
    blocks = [block for stage in stages if isinstance(stage, nn.Sequential) for block in stage]
    if len(blocks) < 2 or not all(hasattr(block, "drop_path") for block in blocks):
        raise TrainingError(
            "Stochastic depth needs an image tower of timm's EfficientNet family, and this is "
            f"{type(getattr(clip.visual, 'trunk', clip.visual)).__name__}. Train with "
            "--drop-path 0."
        )
    for number, block in enumerate(blocks):
        block.drop_path = DropPath(probability * number / (len(blocks) - 1)).train()


def parameter_groups(
    model: AppearanceModel, tower_lr: float, heads_lr: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Returns the optimiser's parameter groups.

    The pretrained image tower trains at ``tower_lr``, everything else at ``heads_lr``. Vectors
    (biases, norms) and the temperature have no weight decay. ``peak`` keeps a group's learning
    rate, as the schedule changes ``lr``.
    """
    tower = {id(p) for p in model.clip.visual.parameters()}
    new = getattr(model.clip.visual, "head", None)
    if isinstance(new, nn.Module):  # the projection above a timm trunk is not pretrained
        tower -= {id(p) for p in new.parameters()}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in model.parameters():
        if parameter.requires_grad:
            lr = tower_lr if id(parameter) in tower else heads_lr
            decay = weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((lr, decay), []).append(parameter)
    return [
        {"params": params, "lr": lr, "peak": lr, "weight_decay": decay}
        for (lr, decay), params in groups.items()
    ]


def set_facet_weights(model: AppearanceModel, weights: dict[str, float]) -> None:
    """Sets the default facet weights of a model."""
    model.config = dataclasses.replace(model.config, weights=weights)
