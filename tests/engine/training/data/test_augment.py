from collections import deque
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.training.data.augment import augment, flood, replace_background, sample_views
from engine.training.data.config import Views

STILL = Views(
    zoom=(1, 1),
    stretch=0,
    turn=0,
    shift=0,
    light=0,
    contrast=0,
    balance=0,
    mirror=False,
    scene=0,
    erase=0,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def views_of(pixels: torch.Tensor, views: Views, side: int = 32, seed: int = 0) -> torch.Tensor:
    return augment(pixels, side, sample_views(len(pixels), generator(seed), views))


def some_pixels(count: int = 4, side: int = 32) -> torch.Tensor:
    return torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8, generator=generator(7))


def test_a_view_that_changes_nothing_is_the_photo():
    pixels = some_pixels()
    rendered = views_of(pixels, STILL)
    torch.testing.assert_close(rendered, pixels.permute(0, 3, 1, 2) / 255, atol=1e-5, rtol=0)


def test_an_erased_patch_is_painted_and_the_rest_stays():
    pixels = some_pixels(64)
    parameters = sample_views(64, generator(), replace(STILL, erase=0.5))
    rendered, photos = augment(pixels, 32, parameters), pixels.permute(0, 3, 1, 2) / 255
    chosen = parameters.patch[:, 2] > 0
    assert 16 < int(chosen.sum()) < 48
    torch.testing.assert_close(rendered[~chosen], photos[~chosen], atol=1e-5, rtol=0)
    for row in chosen.nonzero().flatten().tolist():
        across, down, wide, high = parameters.patch[row].tolist()
        for y, x in ((3, 3), (16, 16), (28, 10)):
            under = abs((x + 0.5) / 32 - across) < wide and abs((y + 0.5) / 32 - down) < high
            expected = parameters.fill[row, :, 0, 0] if under else photos[row, :, y, x]
            torch.testing.assert_close(rendered[row, :, y, x], expected, atol=1e-5, rtol=0)


def test_the_same_parameters_give_the_same_views_and_others_do_not():
    pixels = some_pixels()
    assert torch.equal(views_of(pixels, Views()), views_of(pixels, Views()))
    assert not torch.equal(views_of(pixels, Views()), views_of(pixels, Views(), seed=1))


def test_processes_that_share_a_batch_see_what_one_would():
    pixels = some_pixels(6)
    parameters = sample_views(6, generator(), Views(scene=0.5))
    whole = augment(pixels, 32, parameters)
    for rank in range(2):
        mine = torch.arange(6)[rank::2]
        torch.testing.assert_close(augment(pixels[mine], 32, parameters.take(mine)), whole[mine])


def test_views_stay_in_range_and_take_the_requested_side():
    rendered = views_of(some_pixels(8, 40), Views(light=0.9, contrast=0.9, scene=1), side=24)
    assert rendered.shape == (8, 3, 24, 24)
    assert float(rendered.min()) >= 0 and float(rendered.max()) <= 1


@pytest.mark.parametrize("colour", [(200, 30, 40), (30, 60, 190), (230, 210, 40)])
def test_a_view_keeps_the_hue(colour):
    """Colour is what the colour facet learns, so no view may turn red into orange."""
    pixels = torch.full((64, 16, 16, 3), 0, dtype=torch.uint8) + torch.tensor(
        colour, dtype=torch.uint8
    )
    means = views_of(pixels, Views(erase=0), side=16).mean(dim=(2, 3)) * 255
    order = np.argsort(colour)
    for mean in means:
        assert np.argsort(mean.numpy()).tolist() == order.tolist()
        ratio = mean / mean.max() - torch.tensor(colour) / max(colour)
        assert float(ratio.abs().max()) < 0.12


def test_mirroring_is_a_mirror():
    pixels = some_pixels(16)
    still = pixels.permute(0, 3, 1, 2) / 255
    mirrored = 0
    for view, photo in zip(
        views_of(pixels, Views(**{**STILL.__dict__, "mirror": True})), still, strict=True
    ):
        same = torch.allclose(view, photo, atol=1e-5)
        flipped = torch.allclose(view, photo.flip(-1), atol=1e-5)
        assert same != flipped
        mirrored += flipped
    assert 0 < mirrored < 16


def shirt(colour=(0.8, 0.1, 0.1)) -> torch.Tensor:
    """A shirt on white paper, with stripes as white as the paper."""
    image = torch.ones(3, 64, 64)
    image[:, 12:52, 12:52] = torch.tensor(colour)[:, None, None]
    for x in (24, 32, 40):
        image[:, 24:40, x : x + 4] = 1
    return image


def swapped(image: torch.Tensor, scene: float = 1.0) -> torch.Tensor:
    paint = torch.tensor([0.2, 0.6, 0.3]).view(1, 3, 1, 1)
    return replace_background(image[None], torch.full((1, 1, 1, 1), scene), paint)[0]


def test_paper_is_repainted_and_white_stripes_inside_the_garment_are_kept():
    after = swapped(shirt())
    painted = torch.tensor([0.2, 0.6, 0.3])
    for y, x in ((2, 2), (60, 60), (32, 4), (4, 32)):
        torch.testing.assert_close(after[:, y, x], painted, atol=0.02, rtol=0)
    torch.testing.assert_close(after[:, 14:50, 14:50], shirt()[:, 14:50, 14:50])


def test_a_photo_stays_whole_when_not_drawn_or_its_background_is_busy_or_nothing_is_left():
    assert torch.equal(swapped(shirt(), scene=0), shirt())
    busy = shirt()
    busy[:, :, :4] = torch.rand(3, 64, 4, generator=generator())
    busy[:, :4] = torch.rand(3, 4, 64, generator=generator(1))
    assert torch.equal(swapped(busy), busy)
    assert torch.equal(swapped(torch.ones(3, 64, 64)), torch.ones(3, 64, 64))


def slow_flood(mask: np.ndarray) -> np.ndarray:
    """Breadth first from every open cell of the edge; neighbours touch at corners too."""
    height, width = mask.shape
    seen = np.zeros_like(mask)
    queue = deque(
        (y, x, 0)
        for y in range(height)
        for x in range(width)
        if mask[y, x] and (y in (0, height - 1) or x in (0, width - 1))
    )
    for y, x, _ in queue:
        seen[y, x] = True
    while queue:
        y, x, depth = queue.popleft()
        if depth == max(mask.shape):  # a maze that winds further is cut short
            continue
        for other in ((y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)):
            inside = 0 <= other[0] < height and 0 <= other[1] < width
            if inside and mask[other] and not seen[other]:
                seen[other] = True
                queue.append((*other, depth + 1))
    grown = np.zeros_like(seen)  # one cell wider, to reach the soft rim
    for y, x in zip(*np.nonzero(seen), strict=True):
        grown[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2] = True
    return grown


@settings(deadline=None, max_examples=40)
@given(st.integers(3, 12), st.floats(0.3, 0.7), st.integers(0, 10_000))
def test_flooding_finds_what_a_breadth_first_search_finds(side, share, seed):
    mask = np.random.default_rng(seed).random((side, side)) < share
    fast = flood(torch.from_numpy(mask)[None, None])[0, 0].numpy()
    np.testing.assert_array_equal(fast.astype(bool), slow_flood(mask))


def test_flooding_a_plain_ring_reaches_all_of_it_and_no_hole():
    mask = np.ones((12, 12), dtype=bool)
    mask[3:9, 3:9] = False
    mask[5:7, 5:7] = True
    fast = flood(torch.from_numpy(mask)[None, None])[0, 0].numpy().astype(bool)
    np.testing.assert_array_equal(fast, slow_flood(mask))
    assert not fast[5:7, 5:7].any()
