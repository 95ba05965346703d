"""The model in the package: it loads, it is small, and it sees shape, colour and pattern."""

import json
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch

from catalog.photos.preprocess import to_square
from catalog.records import ProductRecord
from catalog.sample import draw_catalogue
from catalog.sources import open_source
from engine.calibration.store import find_calibration
from engine.encoders.open_clip_encoder import load_encoder
from engine.evaluation.contender import Contender
from engine.evaluation.evaluate import evaluate
from engine.labels.labels import label_products
from engine.models import SHIPPED, default_name, shipped

FOLDER = shipped()[SHIPPED]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return load_encoder(
        "default", models_dir=tmp_path_factory.mktemp("models"), device="cpu", threads=1
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory, encoder):
    """A small sample shop: its products' labels, and each one's row."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("sample")
    draw_catalogue(folder, products=120, seed=7)
    source = open_source(folder)
    records = [record for record in source.records() if isinstance(record, ProductRecord)]
    photos = [source.root / record.photos[0] for record in records]
    squares = [to_square(Image.open(photo), encoder.image_size) for photo in photos]
    return label_products(records), encoder.encode_pixels(np.stack(squares))


def test_its_calibration_is_its_own(encoder, tmp_path):
    found = find_calibration(tmp_path, encoder.name, encoder.fingerprint)
    assert found.notes == ()
    assert found.calibration is not None, "run `lookalike calibrate`, as its card says"


def test_it_is_the_default_and_small_and_described():
    assert default_name() == SHIPPED
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 40_000_000
    card = (FOLDER / "README.md").read_text()
    for word in ("Data", "licence", "Recipe", "Numbers", "Limits", "make model"):
        assert word in card, word


def test_its_rows_have_the_facets_of_its_config(encoder):
    config = json.loads((FOLDER / "facets.json").read_text())
    assert encoder.layout.names == ("shape", "colour", "pattern") == tuple(config["dims"])
    pixels = np.zeros((2, encoder.image_size, encoder.image_size, 3), np.uint8)
    rows = encoder.encode_pixels(pixels)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    for name, weight in config["weights"].items():
        lengths = np.linalg.norm(encoder.layout.block(rows, name), axis=1)
        assert np.allclose(lengths, weight**0.5, atol=1e-5)


def test_any_open_clip_program_can_load_it(encoder):
    model = open_clip.create_model(f"local-dir:{FOLDER}")
    with torch.inference_mode():
        assert model.encode_image(torch.zeros(1, 3, 112, 112)).shape == (1, 256)


def test_words_find_photos_better_than_chance(tmp_path, shop, encoder):
    """Titles and photos share a space, so that a search by text can come later."""
    from PIL import Image

    folder = tmp_path / "sample"
    draw_catalogue(folder, products=24, seed=11)
    source = open_source(folder)
    records = list(source.records())
    model = open_clip.create_model(f"local-dir:{FOLDER}").eval()
    tokens = open_clip.SimpleTokenizer(context_length=model.context_length)
    side = encoder.image_size
    squares = np.stack([to_square(Image.open(source.root / r.photos[0]), side) for r in records])
    images = torch.from_numpy(squares).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.inference_mode():
        texts = model.encode_text(tokens([r.title for r in records]), normalize=True)
        photos = model.encode_image(images, normalize=True)
    place = (texts @ photos.T).argsort(dim=1, descending=True).argsort(dim=1).diagonal()
    assert float(place.float().mean()) < 0.7 * (len(records) - 1) / 2


def test_all_weight_on_a_facet_finds_more_of_it(shop, encoder):
    labels, rows = shop
    report = evaluate(labels, [Contender("shipped", rows, layout=encoder.layout)])
    gains = {
        found.facet: found.focused.value - found.default.value for found in report.results[0].focus
    }
    assert set(gains) == {"shape", "colour", "pattern"}
    assert min(gains.values()) > 0, gains


def test_its_folder_holds_nothing_else():
    names = {path.name for path in Path(FOLDER).iterdir()}
    assert names == {
        "README.md",
        "calibration.json",
        "facet_heads.safetensors",
        "facets.json",
        "heads.toml",
        "open_clip_config.json",
        "open_clip_model.safetensors",
    }
