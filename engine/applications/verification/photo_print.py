"""Are two photos one photo? Compared by their pixels, whatever was cut off or put behind.

A listing's photo is often another seller's: saved again, mirrored, cropped, or put before another
background. Embeddings of such copies are near, but so are those of two black T-shirts. So photos of
near rows are compared as small pictures: one is laid over a part of the other where their grey
values correlate best, mirrored or not, and there the pixels that both show of a garment are
compared.
"""

import math
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from catalog.photos.preprocess import flatten
from engine.arrays import Float32, UInt8
from engine.labels.garment_box import garment_pixels

SIDE = 64  # pixels of a print's edge
COARSE, LAST = 16, 64  # pixels in which parts are compared, step by step
CUTS = (0.0, 0.05, 0.1, 0.15)  # shares cut off at an edge that are tried first
# By which the best part is then moved, and in how many pixels it is compared.
STEPS = ((0.025, 24), (0.0125, 32), (0.00625, 48), (0.003, 64))
MOST_CUT = 0.2
LEAST_COARSE = 0.85  # correlation from which on a part is moved
NOISE = 4.0  # of grey values, squared: plain cloth correlates with nothing
LEAST_SHARED = 0.02  # of a print: fewer shared pixels of a garment say nothing
MOST_LAID_OUT = 32  # prints, 400 KB each: one is compared with several in a row
PLACES = 6  # decimals of the shares that are cut off: parts recur, and so do their weights


@dataclass(frozen=True, eq=False, slots=True)
class Print:
    """A photo as ``(SIDE, SIDE, 3)`` uint8 ``pixels``, and where its garment is, 0 to 255."""

    pixels: UInt8
    garment: UInt8


@dataclass(frozen=True, eq=False)
class LaidOut:
    """What a print is compared by.

    Attributes:
        pixels: ``(SIDE, SIDE, 3)`` float32 in [0, 255].
        garment: ``(SIDE, SIDE)`` float32 in [0, 1].
    """

    pixels: Float32
    garment: Float32

    @cached_property
    def grey(self) -> Float32:
        """``(SIDE, SIDE)`` the mean of the three colours."""
        grey: Float32 = self.pixels.mean(axis=2)
        return grey

    @cached_property
    def mirrored(self) -> "LaidOut":
        """Left and right exchanged."""
        return LaidOut(self.pixels[:, ::-1], self.garment[:, ::-1])

    @cached_property
    def parts(self) -> Float32:
        """``(len(CUTS)**4, COARSE**2)`` float32, the parts with `CUTS`, centred."""
        matrices, count = _all_parts(), len(CUTS) ** 2
        whole = np.asarray(matrices @ self.grey @ matrices.T, dtype=np.float32)
        found = whole.reshape(count, COARSE, count, COARSE)
        return _centred(found.transpose(0, 2, 1, 3).reshape(count * count, -1))


INNER = 5  # pixels from a garment's edge that are left out
SMOOTH = 1.5  # pixels over which differences are smoothed
LEAST_INNER = 40  # pixels inside of a garment; of fewer, all of it are compared
# A logistic regression on 800 changed copies of 200 photos of a real shop, and the 288 other near
# pairs that are most alike, gave these: by each of them alone, two prints may differ by as much.
LEAST_GARMENT, MOST_DIFFERENCE, MOST_TINT, MOST_UNLIKE = 0.7, 27.0, 7.0, 0.35


class Likeness(NamedTuple):
    """How alike two photos are where they fit best.

    ``frame`` and ``garment`` are correlations of grey values, in [-1, 1], of all pixels and of
    those that both show of a garment. ``outline`` is the share of the garments' area that both
    have, ``difference`` the root mean square between their colours, in 0 to 255. Inside of the
    garments, ``tint`` is by how much more the mean of one colour channel differs than those of the
    others, in 0 to 255, and ``unlike`` the difference of what is on them, smoothed, over its
    contrast.
    """

    frame: float
    garment: float
    outline: float
    difference: float
    tint: float = 255.0
    unlike: float = 255.0

    @property
    def one_photo(self) -> bool:
        """Whether both are one photo, however it was changed."""
        return self.garment >= LEAST_GARMENT and self.apart <= 1

    @property
    def apart(self) -> float:
        """How far apart they are; up to 1, they are one photo."""
        return self.difference / MOST_DIFFERENCE + self.tint / MOST_TINT + self.unlike / MOST_UNLIKE


class Part(NamedTuple):
    """A part of a print: the shares cut off at each edge."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0


def print_of(image: Image.Image) -> Print:
    """The print of a photo of any size and mode."""
    rgb = flatten(image)
    pixels = np.asarray(rgb.resize((SIDE, SIDE), Image.Resampling.BOX))
    mask = garment_pixels(np.asarray(rgb.resize((96, 96), Image.Resampling.BOX)))
    scaled = Image.fromarray(mask.astype(np.uint8) * 255).resize((SIDE, SIDE), Image.Resampling.BOX)
    return Print(pixels, np.asarray(scaled))


def compare(one: Print, other: Print) -> Likeness:
    """Compare two prints where they differ least; the order matters little."""
    first, second = _laid_out(one), _laid_out(other)
    found = []
    for whole, cut in ((first, second), (second, first)):
        for turned in (cut, cut.mirrored):
            found.append((*_best_coarse(whole, turned), whole, turned))
    value, part, whole, turned = max(found, key=lambda entry: entry[0])
    ways = [(whole, cut, Part()) for _, _, whole, cut in found[:2]]
    if value >= LEAST_COARSE:
        ways.append((whole, turned, _refined(whole, turned, part)))
    likely = [_likeness(*way) for way in ways]
    place = min(range(len(likely)), key=lambda one: likely[one].difference)
    best = likely[place]
    if best.garment < LEAST_GARMENT or best.difference > MOST_DIFFERENCE:
        return best
    return best._replace(**_inside(*ways[place]))


@lru_cache(maxsize=MOST_LAID_OUT)
def _laid_out(one: Print) -> LaidOut:
    pixels = one.pixels.astype(np.float32)
    return LaidOut(pixels, one.garment.astype(np.float32) / np.float32(255))


def _best_coarse(whole: LaidOut, cut: LaidOut) -> tuple[float, Part]:
    """The part of a print that another one shows best, among those with `CUTS`."""
    count = len(CUTS) ** 2
    values = whole.parts @ _centred(_sampled(cut.grey, Part(), COARSE).ravel())
    best = int(values.argmax())
    (top, bottom), (left, right) = _pairs()[best // count], _pairs()[best % count]
    return float(values[best]), Part(left, top, right, bottom)


def _refined(whole: LaidOut, cut: LaidOut, part: Part) -> Part:
    """The part moved edge by edge while that fits better, in ever smaller steps."""
    for step, count in STEPS:
        wanted = _centred(_sampled(cut.grey, Part(), count).ravel())
        value = _worth(whole, part, wanted, count)
        if value < LEAST_COARSE:
            break
        for edge in (*Part._fields, *Part._fields):
            for move in (-step, step):
                moved = round(min(max(getattr(part, edge) + move, 0.0), MOST_CUT), PLACES)
                tried = part._replace(**{edge: moved})
                new = _worth(whole, tried, wanted, count)
                if new > value:
                    part, value = tried, new
    return part


def _worth(whole: LaidOut, part: Part, wanted: Float32, count: int) -> float:
    """The correlation of a part in ``count`` pixels a line with centred grey values."""
    values = _sampled(whole.grey, part, count).ravel()
    apart = values - values.sum() / values.size
    return float(apart @ wanted) / max(math.sqrt(float(apart @ apart)), 1e-3)


def _likeness(whole: LaidOut, cut: LaidOut, part: Part) -> Likeness:
    """How alike a part of a print and a whole one are."""
    left, ours, grey = _aligned(whole, part)
    frame = float(_centred(grey.ravel()) @ _centred(cut.grey.ravel()))
    shared = ours * cut.garment
    outline = float(np.minimum(ours, cut.garment).sum() / max(_either(ours, cut.garment), 1e-6))
    total = float(shared.sum())
    if total < LEAST_SHARED * shared.size:
        return Likeness(frame, 0.0, outline, 255.0)
    garment = _correlation(grey, cut.grey, shared)
    squares = np.square(left - cut.pixels).mean(axis=2) * shared
    return Likeness(frame, garment, outline, float(np.sqrt(squares.sum() / total)))


def _aligned(whole: LaidOut, part: Part) -> tuple[Float32, Float32, Float32]:
    """Pixels, garment and grey values of a part."""
    if part == Part():
        return whole.pixels, whole.garment, whole.grey
    left = _sampled(whole.pixels.transpose(2, 0, 1), part, LAST).transpose(1, 2, 0)
    return left, _sampled(whole.garment, part, LAST), left.mean(axis=2)


def _inside(whole: LaidOut, cut: LaidOut, part: Part) -> dict[str, float]:
    """``tint`` and ``unlike`` of a part of a print and a whole one."""
    from scipy import ndimage  # takes longer to import than all the rest

    left, ours, _ = _aligned(whole, part)
    shared = ours * cut.garment
    inner = ndimage.minimum_filter(shared, INNER)
    if inner.sum() < LEAST_INNER:
        inner = shared
    total = float(inner.sum())
    apart = left - cut.pixels
    shift = (apart * inner[..., np.newaxis]).sum(axis=(0, 1)) / total
    near = np.maximum(ndimage.gaussian_filter(inner, SMOOTH), 0.2)
    smooth = ndimage.gaussian_filter((apart - shift).mean(axis=2) * inner, SMOOTH) / near
    mean = float((cut.grey * inner).sum()) / total
    contrast = math.sqrt(float((np.square(cut.grey - mean) * inner).sum()) / total)
    structure = math.sqrt(float((np.square(smooth) * inner).sum()) / total)
    tint = float(np.linalg.norm(shift - shift.mean()))
    return {"tint": tint, "unlike": structure / (contrast + 3)}


def _either(ours: Float32, theirs: Float32) -> float:
    """The area that one of two garments covers."""
    return float(np.maximum(ours, theirs).sum())


def _correlation(one: Float32, other: Float32, weights: Float32) -> float:
    """The weighted correlation of grey values; what varies less than the noise has little."""
    total = max(float(weights.sum()), 1e-6)
    x, y = (grey - float((grey * weights).sum()) / total for grey in (one, other))
    lengths = np.sqrt((x * x * weights).sum() * (y * y * weights).sum())
    return float((x * y * weights).sum() / (lengths + NOISE * total))


def _centred(rows: Float32) -> Float32:
    """Rows ``(..., n)`` with mean 0 and length 1; of equal values, zeros."""
    apart = rows - rows.mean(axis=-1, keepdims=True)
    scaled: Float32 = apart / np.maximum(np.linalg.norm(apart, axis=-1, keepdims=True), 1e-3)
    return scaled


def _sampled(values: Float32, part: Part, count: int) -> Float32:
    """``(..., count, count)`` means of the cells of a part of ``(..., SIDE, SIDE)`` values."""
    rows, columns = _part(count, part.top, part.bottom), _part(count, part.left, part.right)
    return np.asarray(rows @ values @ columns.T, dtype=np.float32)


@cache
def _pairs() -> tuple[tuple[float, float], ...]:
    return tuple((first, last) for first in CUTS for last in CUTS)


@cache
def _all_parts() -> Float32:
    return np.concatenate([_part(COARSE, first, last) for first, last in _pairs()])


@lru_cache(maxsize=4096)  # of at most 16 KB each
def _part(count: int, first: float, last: float) -> Float32:
    """``(count, SIDE)`` weights that average a line of `SIDE` values, with its ends cut off."""
    low, high = first * SIDE, (1 - last) * SIDE
    edges = np.linspace(low, high, count + 1)[:, None]
    cells = np.arange(SIDE)
    covered = np.minimum(edges[1:], cells + 1) - np.maximum(edges[:-1], cells)
    weights: Float32 = (covered.clip(0, 1) * count / (high - low)).astype(np.float32)
    return weights
