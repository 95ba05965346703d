"""The appearance model: an open_clip image tower under three facet heads.

The tower's last layer knows what a thing is and has forgotten its colour; its early layers know
edges and weave; its input knows the colour exactly. So each facet reads where its answer is:

- ``shape`` from the tower's last feature map, pooled (before CLIP's projection narrows it);
- ``pattern`` from mean and spread of early feature maps;
- ``colour`` from the pixels themselves, through their histograms
(`engine.encoders.colour_histogram`).

Pattern and colour must look at the garment and not at the wall behind it, so both look under
attention maps drawn from the tower's middle layer. Everything is trained by the facets' triplets;
no mask is ever given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.encoders.colour_histogram import BINS, palettes
from engine.encoders.facets import FacetLayout

SHARP = 5.0  # brings the few filled places of a unit histogram to the size of other inputs

FACETS = ("shape", "colour", "pattern")

# An open_clip model: CLIP, CustomTextCLIP and the others share no typed base, only their methods.
OpenClip: TypeAlias = Any


@dataclass(frozen=True)
class AppearanceConfig:
    """Sizes of the facet heads; stored beside the weights.

    ``taps`` are the indices of the tower's feature maps that the heads read, early to middle, as
    `forward_intermediates` of open_clip counts them; the last one draws the attention maps.
    """

    dims: Mapping[str, int] = field(
        default_factory=lambda: {"shape": 96, "colour": 64, "pattern": 32}
    )
    weights: Mapping[str, float] = field(
        default_factory=lambda: {"shape": 0.5, "colour": 0.4, "pattern": 0.1}
    )
    taps: tuple[int, ...] = (1, 2, 3)
    glances: int = 6
    hidden: int = 384

    def layout(self) -> FacetLayout:
        """The facet blocks that the model's rows are made of."""
        return FacetLayout.of(self.dims, self.weights)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self) | {"dims": dict(self.dims), "weights": dict(self.weights)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "AppearanceConfig":
        """The inverse of `as_json`.

        Raises:
            TypeError: a key that this version does not know.
        """
        return cls(**{**values, "taps": tuple(values["taps"])})


class SpatialAttention(nn.Module):
    """Attention maps over a photo: where the garment is, drawn from a middle feature map.

    Input ``(B, C, h, w)``, output ``(B, G, H*W)``, each map summing to 1 over the pixels.
    """

    def __init__(self, channels: int, count: int) -> None:
        super().__init__()
        self.draw = nn.Conv2d(channels, count, kernel_size=1)

    def forward(self, middle: Tensor, size: tuple[int, int]) -> Tensor:
        """Draw the maps and bring them to ``size``."""
        logits = F.interpolate(self.draw(middle), size=size, mode="bilinear", align_corners=False)
        return logits.flatten(2).softmax(dim=-1)


def pool(maps: Tensor, glances: Tensor) -> Tensor:
    """Mean of ``(B, C, H, W)`` under each of ``(B, G, H*W)``: ``(B, G*C)``."""
    rows = maps.flatten(2)
    if len(maps) == 1:
        # The other way round: from the product below a single photo's gradient would come back
        # with strides that torch's batch norm (2.14, on the CPU) misreads, silently.
        return torch.bmm(rows, glances.transpose(1, 2)).transpose(1, 2).flatten(1)
    return torch.bmm(glances, rows.transpose(1, 2)).flatten(1)


def pool_with_spread(maps: Tensor, glances: Tensor) -> Tensor:
    """Mean and standard deviation under the first glance: ``(B, 2*C)``.

    The 1e-5 keeps the root's gradient finite on a flat map.
    """
    mean = pool(maps, glances[:, :1])
    spread = (pool(maps.square(), glances[:, :1]) - mean.square()).clamp_min(0) + 1e-5
    return torch.cat([mean, spread.sqrt()], dim=1)


def head(width: int, hidden: int, out: int) -> nn.Sequential:
    """A two-layer head over a normalised feature vector."""
    return nn.Sequential(
        nn.LayerNorm(width), nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, out)
    )


class ColourHead(nn.Module):
    """Colour from a photo's palettes, and from what kind of thing it shows.

    Args:
        width: length of the tower's pooled features.
        config: sizes.
    """

    def __init__(self, width: int, config: AppearanceConfig) -> None:
        super().__init__()
        shades, kind = config.hidden, config.hidden // 4
        self.shades = nn.Sequential(nn.Linear((1 + config.glances) * BINS, shades), nn.GELU())
        self.kind = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, kind))
        self.head = head(shades + kind, config.hidden, config.dims["colour"])

    def forward(self, palettes: Tensor, pooled: Tensor) -> Tensor:
        """Rows ``(B, dim)`` of ``(B, 1 + glances, BINS)`` and pooled features ``(B, width)``."""
        seen = [self.shades(SHARP * palettes.flatten(1)), self.kind(pooled)]
        return self.head(torch.cat(seen, dim=1))


class FacetHeads(nn.Module):
    """Turns what a tower sees into unit facet blocks.

    Args:
        width: length of the tower's pooled features.
        tap_channels: channels of the tapped feature maps, in the order of ``config.taps``.
        config: sizes.
        normalised: mean and standard deviation ``(1, 3, 1, 1)`` of the tower's pixels.
    """

    def __init__(
        self,
        width: int,
        tap_channels: tuple[int, ...],
        config: AppearanceConfig,
        normalised: tuple[Tensor, Tensor],
    ) -> None:
        super().__init__()
        for name, values in zip(("mean", "std"), normalised, strict=True):
            self.register_buffer(name, values.clone(), persistent=False)
        self.glances = SpatialAttention(tap_channels[-1], config.glances)
        texture = 2 * sum(tap_channels)
        self.heads = nn.ModuleDict(
            {
                "shape": head(width, config.hidden * 2, config.dims["shape"]),
                "colour": ColourHead(width, config),
                "pattern": head(width + texture, config.hidden, config.dims["pattern"]),
            }
        )

    def forward(self, quarter: Tensor, pooled: Tensor, taps: Sequence[Tensor]) -> dict[str, Tensor]:
        """Unit blocks ``{facet: (B, dim_f)}``.

        Args:
            quarter: ``(B, 3, S/4, S/4)``, the photos as `quartered` makes them.
            pooled: ``(B, width)``.
            taps: feature maps ``(B, C_i, h_i, w_i)``.
        """
        photos = quarter * self.get_buffer("std") + self.get_buffer("mean")
        size = (quarter.shape[-2], quarter.shape[-1])
        seen = palettes(photos, self.glances(taps[-1], size))
        texture = torch.cat(
            [
                pool_with_spread(tap, self.glances(taps[-1], (tap.shape[-2], tap.shape[-1])))
                for tap in taps
            ],
            dim=1,
        )
        # The pooled features tell colour what thing it looks at; its gradient would pull the tower
        # away from shape, so it reads them without steering them.
        inputs = {
            "shape": (pooled,),
            "colour": (seen, pooled.detach()),
            "pattern": (torch.cat([pooled, texture], dim=1),),
        }
        return {name: F.normalize(self.heads[name](*inputs[name]), dim=-1) for name in self.heads}


class Look(NamedTuple):
    """What one pass of an image tower gives.

    ``embedding`` ``(B, E)`` is CLIP's, before normalisation; ``pooled`` ``(B, width)`` the
    features that CLIP projects it from; ``taps`` the tapped maps ``(B, C_i, h_i, w_i)``.
    """

    embedding: Tensor
    pooled: Tensor
    taps: Sequence[Tensor]


class AppearanceModel(nn.Module):
    """An open_clip model with facet heads on its image tower.

    Args:
        clip: any open_clip model whose image tower has `forward_intermediates`.
        config: sizes of the heads; its taps must exist in the tower.
    """

    def __init__(self, clip: OpenClip, config: AppearanceConfig) -> None:
        super().__init__()
        self.clip: OpenClip = clip
        self.config = config
        side = image_side(clip)
        clip.eval()  # a blank photo must not move batch-norm statistics
        with torch.no_grad():
            seen = look(clip, torch.zeros(1, 3, side, side), config.taps)
        channels = tuple(tap.shape[1] for tap in seen.taps)
        self.facets = FacetHeads(
            seen.pooled.shape[1], channels, config, normalisation(clip, torch.device("cpu"))
        )

    def forward(self, images: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Facet blocks, and the CLIP image embedding before normalisation.

        Args:
            images: ``(B, 3, S, S)`` float, normalised.

        Returns:
            ``{facet: (B, dim_f)}`` of unit rows, and ``(B, embed_dim)``.
        """
        seen = look(self.clip, images, self.config.taps)
        return self.see(quartered(images), seen), seen.embedding

    def see(self, quarter: Tensor, seen: Look) -> dict[str, Tensor]:
        """Facet blocks of what the tower saw; arguments as for `FacetHeads`."""
        return self.facets(quarter, seen.pooled, seen.taps)

    def rows(self, images: Tensor) -> Tensor:
        """Whole appearance rows ``(B, D)`` of length 1, blocks of length ``sqrt(w_f)``."""
        return self.join(self(images)[0])

    def join(self, blocks: Mapping[str, Tensor]) -> Tensor:
        """Concatenate unit blocks, each scaled to ``sqrt(w_f)``."""
        return torch.cat(
            [blocks[name] * self.config.weights[name] ** 0.5 for name in self.config.dims], dim=1
        )


def look(clip: OpenClip, images: Tensor, taps: tuple[int, ...]) -> Look:
    """Run an image tower once. CLIP's own towers pool and project in one step: both are one."""
    visual = clip.visual
    if not hasattr(visual, "trunk"):
        seen = visual.forward_intermediates(images, indices=list(taps), output_fmt="NCHW")
        features = seen["image_features"]
        return Look(features, features, seen["image_intermediates"])
    last, maps = visual.trunk.forward_intermediates(images, indices=list(taps), output_fmt="NCHW")
    return project(clip, last, maps)


def project(clip: OpenClip, last: Tensor, taps: Sequence[Tensor]) -> Look:
    """The end of a pass through one of timm's towers, from its last feature map."""
    pooled = clip.visual.trunk.forward_head(last)
    embedding = clip.visual.head(pooled)
    # Attention pooling leaves pooling to the projection.
    return Look(embedding, pooled if pooled.ndim == 2 else embedding, taps)


def quartered(images: Tensor) -> Tensor:
    """Photos at a quarter of their edge, which is all that colour needs."""
    return F.avg_pool2d(images, 4)


def normalisation(clip: OpenClip, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation ``(1, 3, 1, 1)`` that the image tower wants, of [0, 1] pixels."""
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
