"""Other views of a photo: what changes between two shots of one garment, and nothing else.

Crop, turn, mirror, light and white balance, each small, and a patch that something hides: a view
must keep colour, pattern and shape, since two views of a photo are a positive pair in every facet.
So hue is never rotated and nothing is ever greyed.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.encoders.colour_histogram import connected_to_frame
from engine.training.data.config import Views


@dataclass(frozen=True)
class Draws:
    """Random numbers of B views, each row one view: what was drawn, not yet applied.

    ``maps`` ``(B, 2, 3)`` from a view's coordinates to its photo's; ``light``, ``contrast``,
    ``scene`` ``(B, 1, 1, 1)``; ``tint`` and ``paint`` ``(B, 3, 1, 1)``; ``patch`` ``(B, 4)``:
    centre and half the extent, across and down, in shares of the view; no extent, no patch.
    """

    maps: Tensor
    light: Tensor
    contrast: Tensor
    tint: Tensor
    scene: Tensor
    paint: Tensor
    patch: Tensor

    def take(self, rows: Tensor) -> "Draws":
        """The draws of some views; processes that share a batch each take their own."""
        return Draws(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def draw_views(count: int, generator: torch.Generator, views: Views) -> Draws:
    """Draw ``count`` views; the same generator state gives the same views on every device."""

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
    return Draws(
        maps=torch.stack([across, down]).permute(2, 0, 1).contiguous(),
        light=draw(1 - views.light, 1 + views.light, 1, 1, 1),
        contrast=draw(1 - views.contrast, 1 + views.contrast, 1, 1, 1),
        tint=draw(1 - views.balance, 1 + views.balance, 3, 1, 1),
        scene=(draw(0, 1, 1, 1, 1) < views.scene).float(),
        paint=draw(0.3, 1, 1, 1, 1) * draw(0.85, 1, 3, 1, 1),
        patch=torch.cat([draw(0, 1, 2), draw(0.12, 0.2, 2) * (draw(0, 1, 1) < views.erase)], dim=1),
    )


def augment(pixels: Tensor, side: int, draws: Draws) -> Tensor:
    """Apply drawn views to photos.

    Args:
        pixels: ``(B, S, S, 3)`` uint8.
        side: pixels of the views' edge.
        draws: B views; moved to the pixels' device.

    Returns:
        ``(B, 3, side, side)`` float32 in [0, 1].
    """
    device = pixels.device
    images = pixels.permute(0, 3, 1, 2).float() / 255
    images = swap_background(images, draws.scene.to(device), draws.paint.to(device))
    size = [len(images), 3, side, side]
    grid = F.affine_grid(draws.maps.to(device), size, align_corners=False)
    seen = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    middle = seen.mean(dim=(1, 2, 3), keepdim=True)
    seen = (seen - middle) * draws.contrast.to(device) + middle
    seen = (seen * draws.light.to(device) * draws.tint.to(device)).clamp(0, 1)
    hidden = patches(draws.patch.to(device), side)
    return torch.where(hidden, draws.paint.to(device), seen)


def patches(patch: Tensor, side: int) -> Tensor:
    """Which pixels lie under each patch ``(B, 4)``: ``(B, 1, side, side)`` bool."""
    along = (torch.arange(side, device=patch.device) + 0.5) / side
    near = (along - patch[:, :2, None]).abs() < patch[:, 2:, None]
    return (near[:, 1, :, None] & near[:, 0, None, :])[:, None]


def swap_background(images: Tensor, scene: Tensor, paint: Tensor) -> Tensor:
    """Repaint a plain background, where there is one and ``scene`` says so.

    A background is plain when the photo's frame hardly varies; it is what has the frame's colour
    and is reached from the frame, so that white stripes of a shirt on white paper stay. Where
    little would be left of the photo (a white shirt that melts into its paper), it stays whole.

    Args:
        images: ``(B, 3, S, S)`` in [0, 1].
        scene: ``(B, 1, 1, 1)`` of 0 and 1.
        paint: ``(B, 3, 1, 1)`` in [0, 1].
    """
    frame = torch.cat([images[..., 0], images[..., -1], images[:, :, 0], images[:, :, -1]], dim=2)
    paper = frame.median(dim=2).values[..., None, None]
    uneven = (frame - paper[..., 0]).abs().mean(dim=(1, 2)).view(-1, 1, 1, 1)
    near = ((0.12 - (images - paper).abs().amax(dim=1, keepdim=True)) / 0.08).clamp(0, 1)
    reached = flood(F.avg_pool2d(near, 4) > 0.8)
    size = (images.shape[-2], images.shape[-1])
    behind = near * F.interpolate(reached, size=size, mode="bilinear", align_corners=False)
    enough = (behind.mean(dim=(1, 2, 3), keepdim=True) < 0.8).float()
    behind = behind * scene * enough * (uneven < 0.02).float()
    return images * (1 - behind) + paint * behind


def flood(open_: Tensor) -> Tensor:
    """What of a mask ``(B, 1, h, w)`` bool is connected to its edge, and the next pixel, as float
    0 or 1."""
    return F.max_pool2d(connected_to_frame(open_).float(), 3, stride=1, padding=1)
