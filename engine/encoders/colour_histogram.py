"""Colour histograms of batches of photos, on any device, as inputs of the appearance model.

A network has to learn the colours of pixels from photos, of which a shop has few in each shade. A
histogram tells all shades apart from the start; what remains to learn is where to look, and which
shades are one colour to a customer. So one histogram is of the garment, and the others are under
the model's attention maps, with a gradient to them.

`engine.labels.colour_definition` defines the histogram; `engine.labels.photo_colour` has the same
for single photos in NumPy.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.labels.colour_definition import (
    BACKGROUND_DISTANCE,
    BINS,
    CENTRE_SPREAD,
    COUNTS,
    HIGHEST,
    LAB_LINEAR,
    LAB_SLOPE,
    LOWEST,
    MIN_GARMENT_SHARE,
    SRGB_LINEAR,
    SRGB_TO_XYZ,
)

FLOOR = 1e-4  # added to each share, so that the root of an empty bin has a finite gradient


def colour_histograms(photos: Tensor, attention: Tensor) -> Tensor:
    """Unit rows ``(B, 1 + G, BINS)``: the garment's histogram, then one for each attention map.

    Only the latter have a gradient, to the attention maps.

    Args:
        photos: ``(B, 3, H, W)`` sRGB; values outside [0, 1] are clipped. Computed in float32 or
            float64, also under autocast.
        attention: ``(B, G, H * W)``, each map summing to 1.
    """
    wide = torch.promote_types(photos.dtype, torch.float32)
    with torch.autocast(photos.device.type, enabled=False):
        with torch.no_grad():
            lab = to_lab(photos.to(wide).clamp(0, 1))
            garment = _garment(lab)
        weights = torch.cat([garment[:, None], attention.to(wide)], dim=1)
        return F.normalize((_shares(lab, weights) + FLOOR).sqrt(), dim=2)


def to_lab(photos: Tensor) -> Tensor:
    """CIE Lab (D65) ``(B, 3, H, W)`` of sRGB in [0, 1]: L in [0, 100]."""
    linear = torch.where(photos <= SRGB_LINEAR, photos / 12.92, ((photos + 0.055) / 1.055) ** 2.4)
    xyz = torch.einsum("xr,brhw->bxhw", linear.new_tensor(SRGB_TO_XYZ), linear)
    root = torch.where(xyz > LAB_LINEAR, xyz ** (1 / 3), (LAB_SLOPE * xyz + 16) / 116)
    x, y, z = root.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def garment_mask(lab: Tensor) -> Tensor:
    """The garment's pixels in Lab photos ``(B, 3, H, W)``: ``(B, 1, H, W)`` bool."""
    frame = torch.cat([lab[..., 0], lab[..., -1], lab[:, :, 0], lab[:, :, -1]], dim=2)
    colour = lower_median(frame)[..., None, None]
    similar = (lab - colour).square().sum(dim=1, keepdim=True) < BACKGROUND_DISTANCE**2
    garment = ~connected_to_frame(similar)
    return garment | (garment.float().mean(dim=(1, 2, 3), keepdim=True) < MIN_GARMENT_SHARE)


def lower_median(values: Tensor) -> Tensor:
    """The lower median ``(B, C)`` of ``(B, C, N)``, as `Tensor.median`, which ONNX does not have.

    NaN sorts last here; `Tensor.median` would return it.
    """
    return values.sort(dim=2).values[..., (values.shape[2] - 1) // 2]


def connected_to_frame(mask: Tensor) -> Tensor:
    """The part of masks ``(B, 1, H, W)`` bool that is connected to the frame, diagonals included.

    Found within ``max(H, W)`` steps, so that the cost is bounded: enough for all but mazes.
    """
    inside = mask.float()
    reached = inside.clone()
    reached[..., 1:-1, 1:-1] = 0
    for _ in range(max(inside.shape[-2:])):
        reached = F.max_pool2d(reached, 3, stride=1, padding=1) * inside
    return reached > 0


def _garment(lab: Tensor) -> Tensor:
    """Weights ``(B, H * W)`` of the garment's pixels, summing to 1; the centre weighs most."""
    height, width = lab.shape[-2:]
    y = (torch.arange(height, device=lab.device) + 0.5) / height - 0.5
    x = (torch.arange(width, device=lab.device) + 0.5) / width - 0.5
    centre = torch.exp(-(y[:, None] ** 2 + x**2) / (2 * CENTRE_SPREAD**2))
    return F.normalize((garment_mask(lab) * centre).flatten(1), p=1, dim=1)


def _shares(lab: Tensor, weights: Tensor) -> Tensor:
    """Histograms ``(B, G, BINS)`` of Lab photos ``(B, 3, H, W)`` under ``(B, G, H * W)``."""
    sides = []
    for axis, count in enumerate(COUNTS):
        step = (HIGHEST[axis] - LOWEST[axis]) / (count - 1)
        place = ((lab[:, axis].flatten(1) - LOWEST[axis]) / step).clamp(0, count - 1)
        low = place.long().clamp(max=count - 2)
        sides.append(((low, low + 1 - place), (low + 1, place - low)))
    bins = weights.new_zeros(*weights.shape[:2], BINS)
    for light, light_share in sides[0]:
        for red, red_share in sides[1]:
            for blue, blue_share in sides[2]:
                cell = ((light * COUNTS[1] + red) * COUNTS[2] + blue)[:, None].expand_as(weights)
                share = (light_share * red_share * blue_share)[:, None]
                bins = bins.scatter_add(2, cell, weights * share)
    return bins
