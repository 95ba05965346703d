import pytest

from engine.calibration.calibration import FILE, Calibration
from engine.calibration.curve import Curve
from engine.calibration.store import find_calibration, home_file
from engine.errors import BrokenGeneration
from engine.index.generation import live_manifest, open_live
from tests.engine.fake_encoder import FakeEncoder


def fitted(high: float = 0.9) -> Calibration:
    return Calibration(
        fingerprint=FakeEncoder().fingerprint,
        encoder=FakeEncoder().name,
        alike="alike",
        fitted_on=100,
        everything=Curve(cosines=(0.0, 1.0), probabilities=(0.1, high), products=100),
    )


def keep(shop, calibration: Calibration) -> None:
    models = shop.settings.models_dir
    calibration.save(home_file(models, FakeEncoder().fingerprint))


def test_a_generation_carries_the_calibration(new_shop):
    shop = new_shop()
    shop.reindex()
    assert live_manifest(shop.settings.index_dir).files.keys().isdisjoint({FILE})
    keep(shop, fitted())
    report = shop.reindex()
    assert report.published
    assert report.photos_embedded == 0
    generation = open_live(shop.settings.index_dir)
    carried = shop.settings.index_dir / generation.name / FILE
    assert Calibration.load(carried, FakeEncoder().fingerprint) == fitted()
    assert not shop.reindex().published


def test_a_new_calibration_is_a_new_generation_and_so_is_none(new_shop):
    shop = new_shop()
    keep(shop, fitted())
    first = shop.reindex().generation
    keep(shop, fitted(0.8))
    second = shop.reindex()
    assert second.published
    assert second.generation != first
    home_file(shop.settings.models_dir, FakeEncoder().fingerprint).unlink()
    assert shop.reindex().published
    name = open_live(shop.settings.index_dir).name
    assert not (shop.settings.index_dir / name / FILE).exists()


def test_that_of_another_encoder_is_told_and_left_out(new_shop):
    shop = new_shop()
    keep(shop, fitted().model_copy(update={"fingerprint": "a" * 64}))
    report = shop.reindex()
    assert any("was fitted for encoder" in note for note in report.notes)
    assert FILE not in live_manifest(shop.settings.index_dir).files


def test_an_altered_calibration_breaks_its_generation(new_shop):
    shop = new_shop()
    keep(shop, fitted())
    name = shop.reindex().generation
    path = shop.settings.index_dir / name / FILE
    path.write_text(path.read_text().replace("0.9", "0.8"))
    with pytest.raises(BrokenGeneration, match="was altered"):
        open_live(shop.settings.index_dir)


def test_the_homes_own_wins_over_the_models(tmp_path):
    folder, models = tmp_path / "model", tmp_path / "models"
    name = f"local-dir:{folder}"
    fitted(0.5).save(folder / FILE)
    assert find_calibration(models, name, fitted().fingerprint).calibration == fitted(0.5)
    fitted(0.7).save(home_file(models, fitted().fingerprint))
    assert find_calibration(models, name, fitted().fingerprint).calibration == fitted(0.7)
    assert find_calibration(models, "no/folder", "e" * 64) == (None, ())
