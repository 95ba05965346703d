"""Freezing the first stages of an image tower.

They detect edges and textures, which photos of clothes share with all others, and take most of
the time.
"""

import re

from timm.models import group_parameters
from torch import nn

from engine.encoders.appearance import OpenClip
from engine.errors import TrainingError

NUMBERED = re.compile(r"[a-z_]+\.?\d")  # a stage's parameters: blocks.0.norm1.weight, layer1.0.bn1


def freeze_stages(clip: OpenClip, stages: int) -> None:
    """Freezes the stem and the first ``stages`` stages of an image tower.

    A stage is a group of blocks at one resolution; in a ViT it is one transformer block.

    Args:
        clip: changed in place.
        stages: 0 freezes nothing.

    Raises:
        TrainingError: the tower has fewer stages, or its stages are unknown.
    """
    if stages <= 0:
        return
    stem, found = tower_stages(clip)
    if stages > len(found):
        raise TrainingError(
            f"The image tower has {len(found)} stages, so {stages} cannot be frozen. Lower "
            "--frozen-stages."
        )
    for parameter in [*stem, *(parameter for stage in found[:stages] for parameter in stage)]:
        parameter.requires_grad_(False)


def tower_stages(clip: OpenClip) -> tuple[list[nn.Parameter], list[list[nn.Parameter]]]:
    """Returns the parameters of a tower's stem, and of each of its stages in order.

    Raises:
        TrainingError: the tower is none of timm's, no ViT and no ResNet.
    """
    visual = clip.visual
    if hasattr(visual, "trunk"):
        return _timm_stages(visual.trunk)
    if hasattr(visual, "transformer"):  # open_clip's ViT
        blocks = visual.transformer.resblocks
        stem = [visual.class_embedding, visual.positional_embedding]
        stem += [*visual.conv1.parameters(), *visual.ln_pre.parameters()]
        return stem, [list(block.parameters()) for block in blocks]
    if hasattr(visual, "layer4"):  # CLIP's ResNet
        layers = [visual.layer1, visual.layer2, visual.layer3, visual.layer4]
        parts = [getattr(visual, f"{part}{n}") for part in ("conv", "bn") for n in (1, 2, 3)]
        stem = [parameter for part in parts for parameter in part.parameters()]
        return stem, [list(layer.parameters()) for layer in layers]
    raise TrainingError(
        f"The stages of a {type(visual).__name__} are unknown, so they cannot be frozen. Train "
        "with --frozen-stages 0."
    )


def _timm_stages(trunk: OpenClip) -> tuple[list[nn.Parameter], list[list[nn.Parameter]]]:
    """Returns stem and stages as timm groups them: 0 is the stem, then a number for each stage."""
    if not hasattr(trunk, "group_matcher"):
        raise TrainingError(
            f"The stages of a {type(trunk).__name__} are unknown, so they cannot be frozen. Train "
            "with --frozen-stages 0."
        )
    groups: dict[int, list[str]] = group_parameters(trunk, trunk.group_matcher(coarse=True))
    named = dict(trunk.named_parameters())
    stem, *stages = ([named[name] for name in groups[key]] for key in sorted(groups))
    if not NUMBERED.match(groups[max(groups)][0]):  # the norm after the last stage
        stages.pop()
    return stem, stages
