import pytest
import torch
from torch.nn import functional as F

from engine.encoders.appearance import AppearanceModel, image_side, run_tower
from engine.encoders.facet_heads import AppearanceConfig, SpatialAttention, pool, pool_with_spread
from engine.training.data.initial_model import pick_taps
from tests.engine.training.tiny import CONV, HEADS, RESNET, VIT, tiny_clip, tiny_model

TOWERS = pytest.mark.parametrize("vision", [VIT, CONV, RESNET], ids=["vit", "conv", "resnet"])


def photos(vision: dict, count: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(count, 3, vision["image_size"], vision["image_size"], generator=generator)


def model_of(vision: dict) -> AppearanceModel:
    taps = pick_taps(tiny_clip(vision), "tiny")
    config = AppearanceConfig(HEADS.dims, HEADS.weights, taps, attention_maps=2, hidden=16)
    return tiny_model(vision, config=config)


@TOWERS
def test_one_pass_gives_the_embedding_that_open_clip_gives(vision):
    clip = tiny_clip(vision)
    seen = run_tower(clip, photos(vision), pick_taps(clip, "tiny"))
    expected = clip.encode_image(photos(vision))
    torch.testing.assert_close(seen.embedding, expected, atol=1e-5, rtol=1e-4)
    assert len(seen.taps) == 3 and all(tap.ndim == 4 for tap in seen.taps)
    if hasattr(clip.visual, "trunk"):  # what comes before the projection
        torch.testing.assert_close(clip.visual.head(seen.pooled), seen.embedding)
    assert image_side(clip) == vision["image_size"]


@TOWERS
def test_blocks_are_unit_rows_and_rows_weigh_them(vision):
    model = model_of(vision)
    blocks, embedding = model(photos(vision))
    assert {name: tuple(rows.shape) for name, rows in blocks.items()} == {
        "shape": (3, 8),
        "colour": (3, 6),
        "pattern": (3, 4),
    }
    assert embedding.shape == (3, 32)
    for rows in blocks.values():
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(3))
    rows = model.rows(photos(vision))
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(3))
    layout = model.config.layout()
    again = layout.compose({name: block.detach().numpy() for name, block in blocks.items()})
    torch.testing.assert_close(rows.detach(), torch.from_numpy(again))


@TOWERS
def test_a_photos_row_depends_on_that_photo_alone(vision):
    model = model_of(vision)
    together = model.rows(photos(vision))
    alone = torch.cat([model.rows(photo[None]) for photo in photos(vision)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


def test_colour_reads_the_embedding_without_steering_it():
    model = model_of(VIT)
    blocks, embedding = model(photos(VIT))
    (from_colour,) = torch.autograd.grad(
        blocks["colour"].sum(), embedding, retain_graph=True, allow_unused=True
    )
    (from_shape,) = torch.autograd.grad(blocks["shape"].square().sum(), embedding)
    assert from_colour is None
    assert from_shape is not None


def test_pooling_is_a_weighted_mean_and_spread_its_deviation():
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 3, 4, 5, generator=generator)
    attention = torch.randn(2, 2, 20, generator=generator).softmax(dim=-1)
    pooled, spread = pool(maps, attention), pool_with_spread(maps, attention)
    for b in range(2):
        for g in range(2):
            for c in range(3):
                slow = sum(
                    attention[b, g, y * 5 + x] * maps[b, c, y, x]
                    for y in range(4)
                    for x in range(5)
                )
                assert float(pooled[b, g * 3 + c]) == pytest.approx(float(slow), abs=1e-5)
        for c in range(3):
            values, weights = maps[b, c].flatten(), attention[b, 0]
            mean = (values * weights).sum()
            deviation = ((values - mean) ** 2 * weights).sum().sqrt()
            assert float(spread[b, c]) == pytest.approx(float(mean), abs=1e-5)
            assert float(spread[b, 3 + c]) == pytest.approx(float(deviation), abs=1e-2)


def test_a_flat_map_has_a_finite_gradient():
    maps = torch.ones(1, 2, 3, 3, requires_grad=True)
    pool_with_spread(maps, torch.full((1, 1, 9), 1 / 9)).sum().backward()
    assert torch.isfinite(maps.grad).all()


def test_attention_maps_sum_to_one_at_any_size():
    attention = SpatialAttention(6, 3)
    drawn = attention(torch.randn(2, 6, 4, 4), (8, 10))
    assert drawn.shape == (2, 3, 80)
    torch.testing.assert_close(drawn.sum(dim=-1), torch.ones(2, 3))
    assert float(drawn.detach().min()) >= 0


def test_the_config_survives_json():
    config = AppearanceConfig(taps=(0, 2), attention_maps=2)
    assert AppearanceConfig.from_json(config.as_json()) == config
    with pytest.raises(TypeError, match="fabric"):
        AppearanceConfig.from_json(config.as_json() | {"fabric": 1})


def test_taps_that_the_tower_does_not_have_are_refused():
    with pytest.raises((AssertionError, IndexError, ValueError)):
        tiny_model(VIT, config=AppearanceConfig(taps=(0, 1, 99)))


def test_every_weight_of_the_heads_learns_something():
    model = model_of(CONV)
    blocks, _ = model(photos(CONV))
    target = F.normalize(torch.randn(3, 8), dim=1)
    loss = (blocks["shape"] - target).square().sum()
    loss = loss + blocks["colour"][:, 0].sum() + blocks["pattern"][:, 0].sum()
    loss.backward()
    still = [name for name, p in model.facets.named_parameters() if p.grad is None]
    assert still == []
