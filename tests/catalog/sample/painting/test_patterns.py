import numpy as np
import pytest

from catalog.sample.painting.fabric import FABRICS, crop, field
from catalog.sample.painting.logos import logo
from catalog.sample.painting.motifs import TILE
from catalog.sample.painting.patterns import PATTERNS, Cloth
from catalog.sample.painting.textures import TEXTURES
from catalog.sample.shapes.palette import COLOURS

DYES = COLOURS["navy"], COLOURS["white"], COLOURS["red"]


def cloth(seed: int = 0, px: float = 0.01) -> Cloth:
    v, u = np.mgrid[0:2.4:px, -1:1:px].astype(np.float32)
    return Cloth(u, v, (v / 2.4).astype(np.float32), px, 1.0, seed)


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("seed", range(3))
def test_a_pattern_fills_the_cloth_with_colours(name, seed):
    rgb = PATTERNS[name](cloth(seed), DYES)
    assert rgb.shape == (*cloth().u.shape, 3)
    assert rgb.min() >= 0
    assert rgb.max() <= 1


@pytest.mark.parametrize("name", [n for n in PATTERNS if n not in {"plain", "logo print"}])
def test_a_pattern_has_contrast_and_most_of_it_is_the_main_colour(name):
    rgb = PATTERNS[name](cloth(), DYES)
    distances = np.stack([np.linalg.norm(rgb - dye, axis=2) for dye in DYES])
    shares = np.bincount(distances.argmin(axis=0).ravel(), minlength=3) / rgb[..., 0].size
    assert shares[0] >= 0.3
    assert shares[0] < 0.97


def test_stripes_have_the_direction_of_their_name():
    across = PATTERNS["striped"](cloth(), DYES)[..., 0]
    down = PATTERNS["vertical stripes"](cloth(), DYES)[..., 0]
    assert across.std(axis=1).max() < 1e-4 < 0.1 < across.std(axis=0).max()
    assert down.std(axis=0).max() < 1e-4 < 0.1 < down.std(axis=1).max()


def test_stripes_cover_their_share():
    """A slow twin: which place is inside a band, by plain arithmetic."""
    rgb = PATTERNS["striped"](cloth(seed=0, px=0.005), DYES)
    white = np.linalg.norm(rgb - DYES[1], axis=2) < np.linalg.norm(rgb - DYES[0], axis=2)
    places = [abs((v / 0.3) % 1 - 0.5) < 0.25 for v in np.arange(0, 2.4, 0.005)]
    assert np.mean(white[:, 0] == np.array(places)) > 0.97


def test_tiles_repeat_without_a_seam():
    def difference(shift: float) -> float:
        here = cloth()
        there = Cloth(here.u + np.float32(shift), here.v, here.height, here.px, 1.0, 0)
        return float(
            np.abs(PATTERNS["floral"](here, DYES) - PATTERNS["floral"](there, DYES)).mean()
        )

    assert difference(TILE) < 0.02 < 0.1 < difference(TILE * 0.4)


def test_every_fabric_names_a_texture_and_a_fold_field():
    u = v = np.linspace(0, 1, 50, dtype=np.float32)[:, None] * np.ones((1, 40), np.float32)
    for fabric in FABRICS.values():
        assert np.abs(TEXTURES[fabric.texture](u, v, 0.002)).max() < 2.5
        assert field(fabric.folds).shape == (1024, 1024)


def test_a_weave_finer_than_the_pixels_fades_out():
    u = v = np.linspace(0, 1, 50, dtype=np.float32)[:, None] * np.ones((1, 40), np.float32)
    assert np.abs(TEXTURES["weave"](u, v, 0.05)).max() == 0


def test_fields_have_unit_deviation_and_crops_any_size():
    assert field("wrinkle").std() == pytest.approx(1, abs=1e-3)
    rng = np.random.default_rng(0)
    assert crop("drape", rng, 33, 57, 1.0).shape == (33, 57)
    assert crop("drape", rng, 600, 480, 2.3).shape == (600, 480)


def test_logos_differ_by_seed_and_have_both_inks():
    first, second = logo(1)
    assert first.size == second.size == (512, 512)
    shapes = {logo(seed)[0].tobytes() for seed in range(12)}
    assert len(shapes) >= 10
    assert all(np.asarray(logo(seed)[0]).max() > 200 for seed in range(12))
