"""The palette of a photo: soft Lab histograms, computed where the photo lies.

What a network makes of pixels it has to learn from photos, of which a shop has few in each shade.
A histogram knows every shade from the start; all there is to learn is where to look and which
shades are one colour to a customer. These are those of
`engine.labels.photo_colour.colour_histogram` for
batches of small photos on any device, with a gradient that says where to look.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

# Evenly spaced places on L, a and b; a pixel is shared by the two nearest ones on each axis.
PLACES = (8, 11, 11)
LOWEST, HIGHEST = (0.0, -60.0, -60.0), (100.0, 60.0, 60.0)
BINS = PLACES[0] * PLACES[1] * PLACES[2]
FLOOR = 1e-4  # added to every share, so that the root of an empty place has a gradient
NEAR = 6.0  # CIE76 distance up to which a pixel counts as the background's colour
LITTLE = 0.02  # of the photo: less than that is no garment, and the whole photo counts
REACH = 0.3  # standard deviation of the middle's weight, in shares of the edge

_XYZ = (
    (0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883),
)


def colour_histograms(photos: Tensor, glances: Tensor) -> Tensor:
    """Unit rows ``(B, 1 + G, BINS)``: square roots of shares of the places.

    The first is of the garment, as far as it stands out from its background; the others are of
    what each glance rests on, and follow gradients to it. The dot product of two rows is the
    Bhattacharyya coefficient of the two histograms.

    Args:
        photos: ``(B, 3, H, W)`` sRGB in [0, 1]; what lies outside is brought to the border.
            Computed in float32 at least.
        glances: ``(B, G, H * W)``, each summing to 1 over the pixels.
    """
    wide = torch.promote_types(photos.dtype, torch.float32)
    with torch.autocast(photos.device.type, enabled=False):
        with torch.no_grad():
            lab = to_lab(photos.to(wide).clamp(0, 1))
            garment = _garment(lab)
        weights = torch.cat([garment[:, None], glances.to(wide)], dim=1)
        return F.normalize((_shares(lab, weights) + FLOOR).sqrt(), dim=2)


def to_lab(photos: Tensor) -> Tensor:
    """CIE Lab (D65) ``(B, 3, H, W)`` of sRGB in [0, 1]: L in [0, 100]."""
    linear = torch.where(photos <= 0.04045, photos / 12.92, ((photos + 0.055) / 1.055) ** 2.4)
    xyz = torch.einsum("xr,brhw->bxhw", linear.new_tensor(_XYZ), linear)
    root = torch.where(xyz > 216 / 24389, xyz ** (1 / 3), (24389 / 27 * xyz + 16) / 116)
    x, y, z = root.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def garment_mask(lab: Tensor) -> Tensor:
    """What of ``(B, 3, H, W)`` is not background, ``(B, 1, H, W)`` bool.

    Background has the colour of the frame's middle value and is connected to the frame; where it
    leaves next to nothing, all of the photo counts.
    """
    frame = torch.cat([lab[..., 0], lab[..., -1], lab[:, :, 0], lab[:, :, -1]], dim=2)
    paper = frame.median(dim=2).values[..., None, None]
    near = (lab - paper).square().sum(dim=1, keepdim=True) < NEAR**2
    garment = ~connected_to_frame(near)
    return garment | (garment.float().mean(dim=(1, 2, 3), keepdim=True) < LITTLE)


def connected_to_frame(open_: Tensor) -> Tensor:
    """The part of ``(B, 1, H, W)`` bool that is connected to the frame through open pixels."""
    free = open_.float()
    wet = free.clone()
    wet[..., 1:-1, 1:-1] = 0
    for _ in range(max(free.shape[-2:])):  # enough for all but mazes
        wet = F.max_pool2d(wet, 3, stride=1, padding=1) * free
    return wet > 0


def _garment(lab: Tensor) -> Tensor:
    """How much each pixel counts, ``(B, H * W)`` summing to 1: the garment's, the middle most."""
    height, width = lab.shape[-2:]
    y = (torch.arange(height, device=lab.device) + 0.5) / height - 0.5
    x = (torch.arange(width, device=lab.device) + 0.5) / width - 0.5
    middle = torch.exp(-(y[:, None] ** 2 + x**2) / (2 * REACH**2))
    return F.normalize((garment_mask(lab) * middle).flatten(1), p=1, dim=1)


def _shares(lab: Tensor, weights: Tensor) -> Tensor:
    """Histograms ``(B, G, BINS)`` of Lab colours ``(B, 3, H, W)`` under ``(B, G, H * W)``."""
    sides = []
    for axis, count in enumerate(PLACES):
        step = (HIGHEST[axis] - LOWEST[axis]) / (count - 1)
        place = ((lab[:, axis].flatten(1) - LOWEST[axis]) / step).clamp(0, count - 1)
        low = place.long().clamp(max=count - 2)
        sides.append(((low, low + 1 - place), (low + 1, place - low)))
    bins = weights.new_zeros(*weights.shape[:2], BINS)
    for light, light_share in sides[0]:
        for red, red_share in sides[1]:
            for blue, blue_share in sides[2]:
                cell = ((light * PLACES[1] + red) * PLACES[2] + blue)[:, None].expand_as(weights)
                share = (light_share * red_share * blue_share)[:, None]
                bins = bins.scatter_add(2, cell, weights * share)
    return bins
