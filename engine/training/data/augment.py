"""Augmentation: random views of a photo that differ as two shots of one garment differ.

Crop, rotation, mirroring, brightness and white balance, each small, and an erased patch. A view
must keep colour, pattern and shape, as two views of a photo are a positive pair in every facet.
So hue is never rotated and no view is greyscale.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.encoders.colour_histogram import connected_to_frame
from engine.training.data.config import Views


@dataclass(frozen=True)
class ViewParameters:
    """Sampled parameters of B views, a row each.

    Attributes:
        affine: ``(B, 2, 3)``, maps a view's coordinates to its photo's.
        brightness, contrast: ``(B, 1, 1, 1)`` factors.
        white_balance: ``(B, 3, 1, 1)``, a factor for each channel.
        new_background: ``(B, 1, 1, 1)``, 1 where a plain background is replaced, else 0.
        fill: ``(B, 3, 1, 1)`` in [0, 1], the colour of new backgrounds and erased patches.
        patch: ``(B, 4)``, the erased patch: centre x and y, half the width and height, as
            shares of the view; width 0 for none.
    """

    affine: Tensor
    brightness: Tensor
    contrast: Tensor
    white_balance: Tensor
    new_background: Tensor
    fill: Tensor
    patch: Tensor

    def take(self, rows: Tensor) -> "ViewParameters":
        """Returns the parameters of some views; processes that share a batch take theirs."""
        return ViewParameters(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def sample_views(count: int, generator: torch.Generator, views: Views) -> ViewParameters:
    """Samples the parameters of ``count`` views on the CPU, so that devices do not differ."""

    def draw(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=generator) * (high - low) + low

    zoom = draw(*views.zoom)
    stretch = draw(1 - views.stretch, 1 + views.stretch)
    angle = draw(-views.turn, views.turn) * (math.pi / 180)
    flip = torch.where(draw(0, 1) < 0.5, -1.0, 1.0) if views.mirror else torch.ones_like(zoom)
    cos, sin = torch.cos(angle), torch.sin(angle)
    shift = 2 * views.shift
    across = torch.stack([zoom * cos * flip, -zoom * stretch * sin, draw(-shift, shift)])
    down = torch.stack([zoom * sin * flip, zoom * stretch * cos, draw(-shift, shift)])
    return ViewParameters(
        affine=torch.stack([across, down]).permute(2, 0, 1).contiguous(),
        brightness=draw(1 - views.light, 1 + views.light, 1, 1, 1),
        contrast=draw(1 - views.contrast, 1 + views.contrast, 1, 1, 1),
        white_balance=draw(1 - views.balance, 1 + views.balance, 3, 1, 1),
        new_background=(draw(0, 1, 1, 1, 1) < views.scene).float(),
        fill=draw(0.3, 1, 1, 1, 1) * draw(0.85, 1, 3, 1, 1),
        patch=torch.cat([draw(0, 1, 2), draw(0.12, 0.2, 2) * (draw(0, 1, 1) < views.erase)], dim=1),
    )


def augment(pixels: Tensor, side: int, parameters: ViewParameters) -> Tensor:
    """Renders views of photos.

    Args:
        pixels: ``(B, S, S, 3)`` uint8.
        side: edge of the views in pixels.
        parameters: of B views; moved to the pixels' device.

    Returns:
        ``(B, 3, side, side)`` float32 in [0, 1].
    """
    device = pixels.device
    images = pixels.permute(0, 3, 1, 2).float() / 255
    fill = parameters.fill.to(device)
    images = replace_background(images, parameters.new_background.to(device), fill)
    size = [len(images), 3, side, side]
    grid = F.affine_grid(parameters.affine.to(device), size, align_corners=False)
    views = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    mean = views.mean(dim=(1, 2, 3), keepdim=True)
    views = (views - mean) * parameters.contrast.to(device) + mean
    light = parameters.brightness.to(device) * parameters.white_balance.to(device)
    erased = patch_mask(parameters.patch.to(device), side)
    return torch.where(erased, fill, (views * light).clamp(0, 1))


def patch_mask(patch: Tensor, side: int) -> Tensor:
    """Returns the pixels under each patch ``(B, 4)`` as a mask ``(B, 1, side, side)`` bool."""
    along = (torch.arange(side, device=patch.device) + 0.5) / side
    near = (along - patch[:, :2, None]).abs() < patch[:, 2:, None]
    return (near[:, 1, :, None] & near[:, 0, None, :])[:, None]


def replace_background(images: Tensor, selected: Tensor, fill: Tensor) -> Tensor:
    """Fills the plain backgrounds of selected photos with another colour.

    A background is plain if the photo's border hardly varies. It consists of the pixels of the
    border's colour that are connected to the border, so that the white stripes of a shirt on
    white paper stay. A photo of which little would be left, such as a white shirt on white
    paper, stays as it is.

    Args:
        images: ``(B, 3, S, S)`` in [0, 1].
        selected: ``(B, 1, 1, 1)``, 1 for the photos to change, else 0.
        fill: ``(B, 3, 1, 1)`` in [0, 1].
    """
    border = torch.cat([images[..., 0], images[..., -1], images[:, :, 0], images[:, :, -1]], dim=2)
    colour = border.median(dim=2).values[..., None, None]
    variation = (border - colour[..., 0]).abs().mean(dim=(1, 2)).view(-1, 1, 1, 1)
    similar = ((0.12 - (images - colour).abs().amax(dim=1, keepdim=True)) / 0.08).clamp(0, 1)
    connected = flood(F.avg_pool2d(similar, 4) > 0.8)
    size = (images.shape[-2], images.shape[-1])
    mask = similar * F.interpolate(connected, size=size, mode="bilinear", align_corners=False)
    enough_left = (mask.mean(dim=(1, 2, 3), keepdim=True) < 0.8).float()
    mask = mask * selected * enough_left * (variation < 0.02).float()
    return images * (1 - mask) + fill * mask


def flood(open_: Tensor) -> Tensor:
    """Returns the cells of a mask that are connected to its edge, dilated by one cell.

    Args:
        open_: ``(B, 1, h, w)`` bool.

    Returns:
        ``(B, 1, h, w)`` float32, 0 or 1.
    """
    return F.max_pool2d(connected_to_frame(open_).float(), 3, stride=1, padding=1)
