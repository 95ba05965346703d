"""A shop with nothing but photos: a folder of files, no attributes, no titles."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.training.reports.html import write_report
from engine.training.run import run_training
from tests.engine.training.tiny import tiny_config


def draw_photos(folder: Path, first: int, products: int = 24, photos: int = 3) -> Path:
    """``A101-1.png`` ...: garments of a colour and a cut, in the light and place of each photo."""
    folder.mkdir()
    for n in range(first, first + products):
        rng = np.random.default_rng(n)
        colour = tuple(rng.integers(0, 200, 3).tolist())
        width, height = rng.integers(8, 15, 2).tolist()
        for number in range(1, photos + 1):
            rng = np.random.default_rng((n, number))
            light = int(rng.integers(120, 256))
            x, y = rng.integers(15, 25, 2).tolist()
            image = Image.new("RGB", (40, 40), (light, light, light))
            ImageDraw.Draw(image).ellipse((x - width, y - height, x + width, y + height), colour)
            image.save(folder / f"A{n}-{number}.png")
    return folder


@pytest.fixture(scope="module")
def result(encoders, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    shop, other = draw_photos(folder / "shop", 100), draw_photos(folder / "other", 200)
    config = tiny_config(encoder=encoders["conv"], steps=60, labels_per_batch=8, ema=0.8)
    config = config.with_changes(photos_per_label=3, tower_lr=3e-3, heads_lr=3e-3, hard_from=1.0)
    return run_training(
        [shop], folder / "out", config, models_dir=folder, device="cpu", evaluate_on=[other]
    )


def test_file_names_tell_which_photos_are_one_product(result):
    assert len(result.prepared.bank.records) == len(result.evaluation_set.products) == 24
    assert len(result.prepared.bank) == len(result.evaluation_set.photos) == 72
    assert {term.name for term in result.prepared.terms} <= {"colour", "product"}
    assert result.prepared.data.captions is None  # "A101" is no title


def test_another_products_photos_are_found_better_than_before(result):
    """Products that it was not trained on, by photos of theirs."""
    scores = {one.name: one.same_product.recall_at_1 for one in result.evaluation.results}
    assert scores["trained"].low > scores["initial"].high
    assert scores["trained"].value > scores["initial"].value + 0.2


def test_the_report_says_by_how_much(result):
    page = write_report(result).read_text()
    scores = {one.name: one.same_product.recall_at_1.value for one in result.evaluation.results}
    points = round(100 * (scores["trained"] - scores["initial"]))
    assert f"That is {points} points more" in page
