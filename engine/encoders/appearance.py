"""The appearance model: an open_clip image tower with one head for each facet.

A tower's last layer encodes what a thing is and discards its colour; its early layers encode edges
and texture; the pixels hold the exact colour. So each facet's head reads another part of it:

- ``shape`` reads the last feature map, pooled (before CLIP's projection narrows it);
- ``pattern`` reads mean and standard deviation of early feature maps;
- ``colour`` reads colour histograms of the pixels (`engine.encoders.colour_histogram`).

Pattern and colour should describe the garment and not the wall behind it, so both pool under
spatial attention maps, which a 1x1 convolution predicts from a middle feature map. All of it is
trained by the facets' triplets; there are no mask labels.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.encoders.facet_heads import AppearanceConfig, FacetHeads

# An open_clip model: CLIP, CustomTextCLIP and the others share no typed base, only their methods.
OpenClip: TypeAlias = Any


class TowerOutput(NamedTuple):
    """The output of one pass through an image tower.

    Attributes:
        embedding: CLIP's image embedding ``(B, E)``, before normalisation.
        pooled: the features ``(B, width)`` that it is projected from.
        taps: the tapped feature maps ``(B, C_i, h_i, w_i)``.
    """

    embedding: Tensor
    pooled: Tensor
    taps: Sequence[Tensor]


class AppearanceModel(nn.Module):
    """An open_clip model with facet heads on its image tower.

    Args:
        clip: any open_clip model whose image tower has `forward_intermediates`.
        config: sizes of the heads; its taps must exist in the tower.
        shapes: name -> shape of the heads' parameters in a file that will be loaded; None for new
            heads. Heads of other sizes are refused before they take memory.

    Raises:
        ValueError: the heads of the config do not have these shapes.
    """

    def __init__(
        self,
        clip: OpenClip,
        config: AppearanceConfig,
        shapes: Mapping[str, tuple[int, ...]] | None = None,
    ) -> None:
        super().__init__()
        self.clip: OpenClip = clip
        self.config = config
        side = image_side(clip)
        clip.eval()  # a blank photo must not move batch-norm statistics
        with torch.no_grad():
            output = run_tower(clip, torch.zeros(1, 3, side, side), config.taps)
        channels = tuple(tap.shape[1] for tap in output.taps)
        width, scale = output.pooled.shape[1], normalisation(clip, torch.device("cpu"))
        if shapes is not None:
            with torch.device("meta"):
                check_shapes(FacetHeads(width, channels, config, scale), shapes)
        self.facets = FacetHeads(width, channels, config, scale)
        rows = sum(config.dims.values())
        self.text = nn.Linear(output.embedding.shape[1], rows) if config.text else None

    def forward(self, images: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Facet blocks, and the CLIP image embedding before normalisation.

        Args:
            images: ``(B, 3, S, S)`` float, normalised.

        Returns:
            ``{facet: (B, dim_f)}`` of unit rows, and ``(B, embed_dim)``.
        """
        output = run_tower(self.clip, images, self.config.taps)
        return self.facet_blocks(quarter_resolution(images), output), output.embedding

    def facet_blocks(self, quarter: Tensor, output: TowerOutput) -> dict[str, Tensor]:
        """Unit blocks ``{facet: (B, dim_f)}`` of a tower's output.

        Args:
            quarter: the photos ``(B, 3, S/4, S/4)``, as `quarter_resolution` makes them.
            output: that of the tower for these photos.
        """
        blocks: dict[str, Tensor] = self.facets(quarter, output.pooled, output.taps)
        return blocks

    def rows(self, images: Tensor) -> Tensor:
        """Whole appearance rows ``(B, D)`` of length 1, blocks of length ``sqrt(w_f)``."""
        return self.join(self(images)[0])

    def text_rows(self, tokens: Tensor) -> Tensor:
        """Appearance rows ``(B, D)`` of length 1 of texts, beside those of photos they describe.

        Args:
            tokens: ``(B, context length)`` int64, by the tokenizer of the text tower.

        Raises:
            ValueError: the model was not trained with texts.
        """
        if self.text is None:
            raise ValueError("this model has no rows for texts")
        return F.normalize(self.text(self.clip.encode_text(tokens)), dim=1)

    def join(self, blocks: Mapping[str, Tensor]) -> Tensor:
        """Concatenate unit blocks, each scaled to ``sqrt(w_f)``."""
        return torch.cat(
            [blocks[name] * self.config.weights[name] ** 0.5 for name in self.config.dims], dim=1
        )


def check_shapes(heads: nn.Module, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Check that heads have parameters of these shapes.

    Raises:
        ValueError: they do not; the message names the first parameter that differs.
    """
    for name, value in heads.state_dict().items():
        if tuple(value.shape) != shapes.get(name):
            found = shapes.get(name, "not there")
            raise ValueError(f"{name} should be {tuple(value.shape)} and is {found}.")


def run_tower(clip: OpenClip, images: Tensor, taps: tuple[int, ...]) -> TowerOutput:
    """Run the image tower on ``(B, 3, S, S)``.

    CLIP's own towers pool and project in one step, so ``pooled`` is their embedding.
    """
    visual = clip.visual
    if not hasattr(visual, "trunk"):
        output = visual.forward_intermediates(images, indices=list(taps), output_fmt="NCHW")
        features = output["image_features"]
        return TowerOutput(features, features, output["image_intermediates"])
    last, maps = visual.trunk.forward_intermediates(images, indices=list(taps), output_fmt="NCHW")
    return project(clip, last, maps)


def project(clip: OpenClip, last: Tensor, taps: Sequence[Tensor]) -> TowerOutput:
    """Finish a pass through a timm tower: pool and project its last feature map."""
    pooled = clip.visual.trunk.forward_head(last)
    embedding = clip.visual.head(pooled)
    # Attention pooling leaves pooling to the projection.
    return TowerOutput(embedding, pooled if pooled.ndim == 2 else embedding, taps)


def quarter_resolution(images: Tensor) -> Tensor:
    """Average ``(B, 3, S, S)`` to ``(B, 3, S/4, S/4)``, enough for colour histograms."""
    return F.avg_pool2d(images, 4)


def normalisation(clip: OpenClip, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation ``(1, 3, 1, 1)`` by which a tower's [0, 1] pixels are scaled."""
    config = getattr(clip.visual, "preprocess_cfg", None) or {}
    mean = config.get("mean") or getattr(clip.visual, "image_mean", (0.5,) * 3)
    std = config.get("std") or getattr(clip.visual, "image_std", (0.5,) * 3)
    return (
        torch.tensor(mean, device=device).view(1, 3, 1, 1),
        torch.tensor(std, device=device).view(1, 3, 1, 1),
    )


def image_side(clip: OpenClip) -> int:
    """Side in pixels of the square photos that the tower was made for."""
    size = clip.visual.image_size
    return int(size[0] if isinstance(size, (tuple, list)) else size)
