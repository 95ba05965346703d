"""The heads of the appearance model, one for each facet, and their sizes.

Each reads another part of an image tower's output; `engine.encoders.appearance` says which and why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.encoders.colour_histogram import colour_histograms
from engine.encoders.facets import FacetLayout
from engine.encoders.mixed_heads import LABELS, WORDS, MixedColourHead, MixedShapeHead, Mixture
from engine.labels.colour_definition import BINS

# A unit histogram has few bins that are not nearly empty; this scales them to the size of other
# inputs.
HISTOGRAM_SCALE = 5.0
GRID = 3  # cells a side, of the grid on which a mixed shape head reads a feature map


@dataclass(frozen=True)
class AppearanceConfig:
    """Sizes of the facet heads; stored beside the weights.

    Attributes:
        dims: facet -> length of its block.
        weights: facet -> default weight; they sum to 1.
        taps: indices of the tower's feature maps that the heads read, from early to middle, as
            `forward_intermediates` of open_clip counts them. The attention maps are predicted
            from the last one.
        attention_maps: how many attention maps (``glances`` in files on disk).
        hidden: width of the heads' hidden layers.
        photo_weights: facet -> default weight in a search by photo; without any, as ``weights``.
        mixtures: facet -> the parts of its head, for shape and colour; see
            `engine.encoders.mixed_heads`. A facet without one has a plain head.
        text: whether texts have rows too, by a linear map of CLIP's text embedding.
    """

    dims: Mapping[str, int] = field(
        default_factory=lambda: {"shape": 96, "colour": 64, "pattern": 32}
    )
    weights: Mapping[str, float] = field(
        default_factory=lambda: {"shape": 0.5, "colour": 0.4, "pattern": 0.1}
    )
    taps: tuple[int, ...] = (1, 2, 3)
    attention_maps: int = 6
    hidden: int = 384
    photo_weights: Mapping[str, float] = field(default_factory=dict)
    mixtures: Mapping[str, Mixture] = field(default_factory=dict)
    text: bool = False

    def layout(self) -> FacetLayout:
        """The facet blocks that the model's rows are made of."""
        return FacetLayout.of(self.dims, self.weights, self.photo_weights)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        values = {one.name: getattr(self, one.name) for one in fields(self)} | {
            "dims": dict(self.dims),
            "weights": dict(self.weights),
            "photo_weights": dict(self.photo_weights),
            "mixtures": {name: mixture.as_json() for name, mixture in self.mixtures.items()},
        }
        return {_KEYS.get(name, name): value for name, value in values.items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "AppearanceConfig":
        """The inverse of `as_json`.

        Raises:
            TypeError: a key that this version does not know.
        """
        fields = {key: name for name, key in _KEYS.items()}
        renamed = {fields.get(key, key): value for key, value in values.items()}
        mixtures = values.get("mixtures", {}).items()
        return cls(
            **{
                **renamed,
                "taps": tuple(values["taps"]),
                "mixtures": {name: Mixture.from_json(parts) for name, parts in mixtures},
            }
        )


_KEYS = {"attention_maps": "glances"}  # field -> its key in files, where these differ


class SpatialAttention(nn.Module):
    """Predicts G attention maps from a feature map, by a 1x1 convolution and a spatial softmax.

    Args:
        channels: of the feature map, C.
        count: number of attention maps, G.
    """

    def __init__(self, channels: int, count: int) -> None:
        super().__init__()
        self.draw = nn.Conv2d(channels, count, kernel_size=1)

    def forward(self, middle: Tensor, size: tuple[int, int]) -> Tensor:
        """Attention maps ``(B, G, H*W)`` of ``size`` ``(H, W)``, each summing to 1.

        Args:
            middle: feature map ``(B, C, h, w)``.
            size: that of the maps that will be pooled; the logits are resized to it.
        """
        logits = F.interpolate(self.draw(middle), size=size, mode="bilinear", align_corners=False)
        return logits.flatten(2).softmax(dim=-1)


def pool(maps: Tensor, attention: Tensor) -> Tensor:
    """Weighted means ``(B, G*C)`` of ``(B, C, H, W)`` under attention maps ``(B, G, H*W)``."""
    rows = maps.flatten(2)
    if len(maps) == 1:
        # The same product, transposed: otherwise, the gradient of a single photo has strides that
        # torch's batch norm (2.14, on the CPU) silently misreads.
        return torch.bmm(rows, attention.transpose(1, 2)).transpose(1, 2).flatten(1)
    return torch.bmm(attention, rows.transpose(1, 2)).flatten(1)


def pool_with_spread(maps: Tensor, attention: Tensor) -> Tensor:
    """Mean and standard deviation under the first attention map: ``(B, 2*C)``.

    The 1e-5 keeps the gradient of the square root finite where a map is constant.
    """
    mean = pool(maps, attention[:, :1])
    spread = (pool(maps.square(), attention[:, :1]) - mean.square()).clamp_min(0) + 1e-5
    return torch.cat([mean, spread.sqrt()], dim=1)


def grid_means(maps: Tensor, cells: int) -> Tensor:
    """Means ``(B, C * cells * cells)`` of ``(B, C, H, W)`` over the cells of a grid.

    A pixel that lies in two cells counts for each by its share, so that any size will do.
    """
    rows, columns = (_cell_shares(length, cells, maps) for length in maps.shape[-2:])
    return (rows @ maps @ columns.T).flatten(1)


def _cell_shares(length: int, cells: int, like: Tensor) -> Tensor:
    """Shares ``(cells, length)`` of pixels in the mean of each of ``cells`` equal ranges."""
    starts = torch.arange(cells, device=like.device)[:, None] * (length / cells)
    pixels = torch.arange(length, device=like.device)[None]
    covered = torch.minimum(starts + length / cells, pixels + 1) - torch.maximum(starts, pixels)
    return (covered.clamp(min=0) * cells / length).to(like.dtype)


def head(width: int, hidden: int, out: int) -> nn.Sequential:
    """A two-layer head over a normalised feature vector."""
    return nn.Sequential(
        nn.LayerNorm(width), nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, out)
    )


class ColourHead(nn.Module):
    """The colour block, from a photo's colour histograms and its pooled features.

    Args:
        width: length of the tower's pooled features.
        config: sizes.
        dim: length of the rows.
    """

    def __init__(self, width: int, config: AppearanceConfig, dim: int) -> None:
        super().__init__()
        # The names of modules are keys of the weights' files, so they stay as they are.
        shades, kind = config.hidden, config.hidden // 4
        inputs = (1 + config.attention_maps) * BINS
        self.shades = nn.Sequential(nn.Linear(inputs, shades), nn.GELU())
        self.kind = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, kind))
        self.head = head(shades + kind, config.hidden, dim)

    def forward(self, histograms: Tensor, pooled: Tensor) -> Tensor:
        """Rows ``(B, dim)``.

        Args:
            histograms: ``(B, 1 + attention maps, BINS)``.
            pooled: the tower's pooled features ``(B, width)``: what kind of thing it is.
        """
        inputs = [self.shades(HISTOGRAM_SCALE * histograms.flatten(1)), self.kind(pooled)]
        rows: Tensor = self.head(torch.cat(inputs, dim=1))
        return rows


def shape_head(width: int, features: int, config: AppearanceConfig) -> nn.Module:
    """The shape head: plain, of pooled features ``(B, width)``, or mixed, of ``(B, features)``."""
    dim, mixture = config.dims["shape"], config.mixtures.get("shape")
    if mixture is None:
        return head(width, config.hidden * 2, dim)
    length = mixture.dims.get(LABELS)
    plain = None if length is None else head(width, config.hidden * 2, length)
    return MixedShapeHead(plain, mixture, width, features, dim)


def colour_head(width: int, config: AppearanceConfig) -> nn.Module:
    """The colour head, plain or mixed as the config says; its inputs are `ColourHead`'s."""
    dim, mixture = config.dims["colour"], config.mixtures.get("colour")
    if mixture is None:
        return ColourHead(width, config, dim)
    lengths = {name: length for name, length in mixture.dims.items() if name != WORDS}
    heads = {name: ColourHead(width, config, length) for name, length in lengths.items()}
    return MixedColourHead(heads, mixture, dim)


class FacetHeads(nn.Module):
    """Computes the facet blocks, each a unit row, from a tower's output.

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
        # Called attention everywhere else; this name is a key of the weights' files.
        self.glances = SpatialAttention(tap_channels[-1], config.attention_maps)
        self.width, self.texture_width = width, width + 2 * sum(tap_channels)
        features = self.texture_width + GRID**2 * tap_channels[-1]
        self.heads = nn.ModuleDict(
            {
                "shape": shape_head(width, features, config),
                "colour": colour_head(width, config),
                "pattern": head(self.texture_width, config.hidden, config.dims["pattern"]),
            }
        )

    def forward(self, quarter: Tensor, pooled: Tensor, taps: Sequence[Tensor]) -> dict[str, Tensor]:
        """Unit blocks ``{facet: (B, dim_f)}``.

        Args:
            quarter: ``(B, 3, S/4, S/4)``, the photos as `quarter_resolution` makes them.
            pooled: ``(B, width)``.
            taps: feature maps ``(B, C_i, h_i, w_i)``.
        """
        return self.blocks(self.histograms(quarter, taps), self.features(pooled, taps))

    def histograms(self, quarter: Tensor, taps: Sequence[Tensor]) -> Tensor:
        """Colour histograms ``(B, 1 + attention maps, BINS)``; inputs as for `forward`."""
        photos = quarter * self.get_buffer("std") + self.get_buffer("mean")
        size = (quarter.shape[-2], quarter.shape[-1])
        return colour_histograms(photos, self.glances(taps[-1], size))

    def features(self, pooled: Tensor, taps: Sequence[Tensor]) -> Tensor:
        """All features ``(B, F)`` that the heads read beside colours; inputs as for `forward`.

        Pooled features come first, then mean and spread of the tapped feature maps, then the last
        of these on a grid: where on the photo something is.
        """
        early = [
            pool_with_spread(tap, self.glances(taps[-1], (tap.shape[-2], tap.shape[-1])))
            for tap in taps
        ]
        return torch.cat([pooled, *early, grid_means(taps[-1], GRID)], dim=1)

    def blocks(self, histograms: Tensor, features: Tensor) -> dict[str, Tensor]:
        """Unit blocks of what `histograms` and `features` return."""
        pooled, texture = features[:, : self.width], features[:, : self.texture_width]
        shape = features if isinstance(self.heads["shape"], MixedShapeHead) else pooled
        # Colour may depend on the kind of thing, so its head reads the pooled features; detached,
        # as its gradient would pull the tower away from shape.
        inputs = {
            "shape": (shape,),
            "colour": (histograms, pooled.detach()),
            "pattern": (texture,),
        }
        return {name: F.normalize(self.heads[name](*inputs[name]), dim=-1) for name in self.heads}
