import numpy as np
import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn import functional as F

from engine.encoders import colour_histogram
from engine.encoders.colour_histogram import (
    FLOOR,
    colour_histograms,
    connected_to_frame,
    garment_mask,
    lower_median,
    to_lab,
)
from engine.labels import photo_colour
from engine.labels.colour_definition import BACKGROUND_DISTANCE, BINS, MIN_GARMENT_SHARE


def photos(count: int = 3, side: int = 24, seed: int = 0) -> torch.Tensor:
    """Garments of two random colours on white, as uint8 ``(B, H, W, 3)``."""
    rng = np.random.default_rng(seed)
    pixels = np.full((count, side, side, 3), 255, np.uint8)
    for photo in pixels:
        first, second = rng.integers(0, 200, (2, 3))
        photo[side // 5 : -side // 5, side // 4 : -side // 4] = first
        photo[side // 2 : -side // 4, side // 3 : side // 2] = second
    return torch.from_numpy(pixels)


def floats(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.permute(0, 3, 1, 2).float() / 255


def even(pixels: torch.Tensor, maps: int = 1) -> torch.Tensor:
    """Attention maps with the same weight everywhere."""
    area = pixels.shape[1] * pixels.shape[2]
    return torch.full((len(pixels), maps, area), 1 / area)


def rough_photos(count: int, height: int, width: int) -> torch.Tensor:
    """Garments on paper whose shades lie on both sides of the threshold, diagonal gaps included."""
    rng = np.random.default_rng(7)
    pixels = np.full((count, height, width, 3), 235, np.uint8)
    shades = rng.choice([0, 4, 10, 14, 18, 22], (count, height, width, 1), p=[0.4, *[0.12] * 5])
    pixels -= shades.astype(np.uint8)
    for photo in pixels:
        dark = rng.random((height // 2, width // 2)) < 0.8
        photo[height // 4 :, width // 4 :][: height // 2, : width // 2][dark] = rng.integers(
            0, 255, (int(dark.sum()), 3)
        )
    return torch.from_numpy(pixels)


def test_lab_is_that_of_the_colours_by_name():
    values = torch.arange(0, 256, 15, dtype=torch.uint8)
    cube = torch.cartesian_prod(values, values, values).view(1, 18, -1, 3)
    ours = to_lab(floats(cube))[0].permute(1, 2, 0)
    np.testing.assert_allclose(ours, photo_colour.to_lab(cube[0].numpy()), atol=2e-3)


@pytest.mark.parametrize("pixels", [photos(8), rough_photos(8, 24, 24), rough_photos(8, 31, 18)])
def test_the_garments_histogram_is_the_one_of_numpy(pixels):
    ours = colour_histograms(floats(pixels), even(pixels))[:, 0].double()
    for row, photo in zip(ours, pixels.numpy(), strict=True):
        shares = photo_colour.colour_histogram(photo).astype(np.float64) ** 2
        expected = np.sqrt(shares + FLOOR)
        np.testing.assert_allclose(row, expected / np.linalg.norm(expected), atol=2e-3)


def test_garment_and_background_are_those_of_numpy():
    pixels = rough_photos(50, 33, 26)
    pixels[0] = 255  # all background, so all of it counts
    pixels[1] = 235
    pixels[1, 10:12, 10:12] = 0  # less than the least share
    lab = to_lab(floats(pixels))
    masks = garment_mask(lab)[:, 0].numpy()
    for mask, photo in zip(masks, pixels.numpy(), strict=True):
        expected, _ = photo_colour.garment_mask(photo_colour.to_lab(photo))
        np.testing.assert_array_equal(mask, expected)
    assert masks[:2].all() and not masks[2:].all()
    # Shades a little below the threshold and a little above it are both there.
    paper = lab[2:].flatten(2).median(dim=2).values[..., None, None]
    apart = (lab[2:] - paper).norm(dim=1) / BACKGROUND_DISTANCE
    assert ((apart > 0.8) & (apart < 1)).any() and ((apart > 1) & (apart < 1.2)).any()


@pytest.mark.parametrize("count", [1, 2, 7, 64, 1020])
@pytest.mark.parametrize("levels", [3, 1_000_000])
def test_the_median_by_sorting_is_that_of_torch(count, levels):
    generator = torch.Generator().manual_seed(count)
    values = torch.randint(-levels, levels, (6, 3, count), generator=generator) / 7
    assert torch.equal(lower_median(values), values.median(dim=2).values)


def test_rows_are_those_of_torchs_median(monkeypatch):
    pixels = torch.cat([rough_photos(6, 24, 24), photos(6)])
    rows = colour_histograms(floats(pixels), even(pixels))
    monkeypatch.setattr(colour_histogram, "lower_median", lambda frame: frame.median(dim=2).values)
    assert torch.equal(rows, colour_histograms(floats(pixels), even(pixels)))


def test_no_median_is_left_for_an_export():
    graph = make_fx(garment_mask)(to_lab(floats(photos(2)))).graph
    operators = {str(node.target).split(".")[1] for node in graph.nodes if "." in str(node.target)}
    assert "sort" in operators and "median" not in operators


def test_rows_are_unit_and_a_photos_own():
    pixels = photos(4, seed=1)
    seen = colour_histograms(floats(pixels), even(pixels, 2))
    assert seen.shape == (4, 3, BINS) and seen.dtype == torch.float32
    torch.testing.assert_close(seen.norm(dim=2), torch.ones(4, 3))
    alone = [colour_histograms(floats(photo[None]), even(photo[None], 2)) for photo in pixels]
    torch.testing.assert_close(seen, torch.cat(alone))


def test_an_attention_map_has_the_histogram_of_its_pixels():
    pixels = photos(1)
    pixels[0, :, :12], pixels[0, :, 12:] = torch.tensor([200, 20, 20]), torch.tensor([20, 20, 200])
    left = torch.zeros(1, 1, 24, 24)
    left[..., :12] = 1 / (24 * 12)
    red = torch.full_like(pixels, 20)
    red[..., 0] = 200
    seen = colour_histograms(floats(pixels), left.flatten(2))[0, 1]
    torch.testing.assert_close(seen, colour_histograms(floats(red), even(red))[0, 1])


def test_an_attention_map_learns_where_to_look():
    """Drawn towards red, the attention leaves the blue half."""
    pixels = photos(1)
    pixels[0, :, :12], pixels[0, :, 12:] = torch.tensor([200, 20, 20]), torch.tensor([20, 20, 200])
    red = torch.full_like(pixels, 20)
    red[..., 0] = 200
    wanted = colour_histograms(floats(red), even(red))[0, 1]
    logits = torch.zeros(1, 1, 576, requires_grad=True)
    optimizer = torch.optim.SGD([logits], lr=100.0)
    for _ in range(50):
        optimizer.zero_grad()
        loss = 1 - colour_histograms(floats(pixels), logits.softmax(2))[0, 1] @ wanted
        loss.backward()
        assert torch.isfinite(logits.grad).all()
        optimizer.step()
    attention = logits.softmax(2).view(24, 24)
    assert attention[:, :12].sum() > 0.9


def test_white_stripes_on_white_paper_stay_and_a_blank_photo_counts_as_a_whole():
    pixels = torch.full((2, 24, 24, 3), 255, dtype=torch.uint8)
    pixels[0, 6:18, 6:18] = 40
    pixels[0, 9:12, 8:16] = 255  # no way from the frame leads here
    mask = garment_mask(to_lab(floats(pixels)))[:, 0]
    assert mask[0].sum() == 12 * 12
    assert mask[1].all()
    assert 0 < MIN_GARMENT_SHARE < 12 * 12 / 24**2


@pytest.mark.parametrize("seed", range(4))
def test_what_is_reached_from_the_frame_is_the_slow_floods(seed):
    generator = torch.Generator().manual_seed(seed)
    open_ = torch.rand(2, 1, 12, 9, generator=generator) < 0.6
    got = connected_to_frame(open_)
    for mask, found in zip(open_[:, 0].tolist(), got[:, 0].tolist(), strict=True):
        assert found == slow_flood(mask)


def slow_flood(open_: list[list[bool]]) -> list[list[bool]]:
    height, width = len(open_), len(open_[0])
    seen = [[False] * width for _ in range(height)]
    edge = [(y, x) for y in range(height) for x in (0, width - 1)]
    todo = edge + [(y, x) for y in (0, height - 1) for x in range(width)]
    while todo:
        y, x = todo.pop()
        if 0 <= y < height and 0 <= x < width and open_[y][x] and not seen[y][x]:
            seen[y][x] = True
            todo += [(y + down, x + right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return seen


def test_half_precision_elsewhere_does_not_reach_the_histograms():
    pixels = photos(2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = colour_histograms(floats(pixels), even(pixels).bfloat16())
    assert half.dtype == torch.float32
    whole = colour_histograms(floats(pixels), even(pixels))
    torch.testing.assert_close(half[:, 0], whole[:, 0])
    assert F.cosine_similarity(half[:, 1], whole[:, 1]).min() > 0.9
