"""A view of a photo that keeps the shape of its garment and changes its colour."""

import zlib
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from catalog.photos.preprocess import flatten
from engine.arrays import Float32, UInt8
from engine.labels.photo_colour import garment_mask, to_lab

_LARGEST = 512  # pixels of the longer side of a view
_MASK = 96  # pixels of the longer side on which the garment is found
_LITTLE = 0.02  # a mask with a smaller share of the photo is no garment
_GREY = 15.0  # mean chroma below which turning the hue changes nothing, so a tint is added
_TINT = 30.0  # chroma of that tint
_CROP = 0.06  # largest share cut off at each edge

Draw: TypeAlias = np.random.Generator


def recoloured_view(image: Image.Image) -> Image.Image:
    """The garment recoloured, the photo mirrored and cropped by a few per cent at each edge.

    Hue is turned by 60 to 300 degrees and lightness moved by 12 to 25 of 100 in CIE Lab, under
    the garment mask; of a photo without a plain background, everywhere. The same pixels always
    give the same view.
    """
    rgb = flatten(image)
    rgb.thumbnail((_LARGEST, _LARGEST))
    draw = np.random.default_rng(zlib.crc32(np.asarray(rgb.resize((16, 16))).tobytes()))
    pixels = np.asarray(rgb)
    cover = garment_cover(rgb)[..., None]
    changed = recolour(pixels, cover[..., 0], draw)
    mixed = pixels * (1 - cover) + changed * cover
    view = ImageOps.mirror(Image.fromarray(mixed.round().astype(np.uint8)))
    width, height = view.size
    left, top, right, bottom = (draw.random(4) * _CROP * [width, height, width, height]).tolist()
    return view.crop((round(left), round(top), width - round(right), height - round(bottom)))


def garment_cover(rgb: Image.Image) -> Float32:
    """How much of each pixel is garment, ``(H, W)`` float32 in [0, 1]; 1 where nobody can say."""
    small = rgb.copy()
    small.thumbnail((_MASK, _MASK))
    mask, plain = garment_mask(to_lab(np.asarray(small)))
    if not plain or mask.mean() < _LITTLE:
        return np.ones((rgb.height, rgb.width), dtype=np.float32)
    scaled = Image.fromarray(mask.astype(np.uint8) * 255).resize(
        rgb.size, Image.Resampling.BILINEAR
    )
    cover: Float32 = np.asarray(scaled, dtype=np.float32) / np.float32(255)
    return cover


def recolour(pixels: UInt8, cover: Float32, draw: Draw) -> UInt8:
    """Turn hue and move lightness of ``(H, W, 3)`` uint8; ``cover`` ``(H, W)`` weighs the means."""
    lab = to_lab(pixels)
    mean = (lab * cover[..., None]).sum(axis=(0, 1)) / max(float(cover.sum()), 1e-6)
    angle = np.deg2rad(draw.uniform(60, 300))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = lab.copy()
    moved[..., 1:] = lab[..., 1:] @ turn.T.astype(np.float32)
    if np.hypot(mean[1], mean[2]) < _GREY:
        moved[..., 1:] += np.array([np.cos(angle), np.sin(angle)], dtype=np.float32) * _TINT
    towards_middle = -1 if mean[0] > 50 else 1
    moved[..., 0] += towards_middle * draw.uniform(12, 25)
    return from_lab(moved)


def from_lab(lab: Float32) -> UInt8:
    """sRGB uint8 ``(..., 3)`` of CIE Lab (D65), the inverse of `to_lab`; out of gamut: clipped."""
    y = (lab[..., 0] + 16) / 116
    roots = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    xyz = np.where(roots > 6 / 29, roots**3, (116 * roots - 16) * 27 / 24389)
    linear = (xyz @ _RGB.T).clip(0, 1)
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    scaled: NDArray[np.uint8] = (rgb * 255).round().clip(0, 255).astype(np.uint8)
    return scaled


# XYZ, relative to the D65 white, to linear sRGB: the inverse of the matrix in `to_lab`.
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_RGB = np.linalg.inv(_TO_XYZ / _TO_XYZ.sum(axis=1, keepdims=True))
