import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from catalog.photos.preprocess import to_square
from engine.calibration.calibration import FILE, Calibration
from engine.calibration.store import find_calibration, home_file, model_file
from engine.commands.calibrate import calibrate_command
from engine.commands.evaluate import evaluate_command
from engine.encoders import loading
from engine.encoders.facets import FacetLayout
from engine.models import default_name, shipped

COLOURS = {"red": (200, 30, 40), "blue": (40, 90, 190), "green": (40, 130, 60)}


class Colours:
    """A photo's mean colour, and how much of it is garment."""

    name = "colours"
    fingerprint = "c" * 64
    image_size = 16
    layout = FacetLayout.of({"shape": 2, "colour": 3})

    def encode(self, images):
        pixels = np.stack([to_square(image, 16) for image in images]).astype(float)
        dark = (pixels.min(axis=3) < 200).mean(axis=(1, 2))[:, None]
        colour = pixels.mean(axis=(1, 2)) - pixels.mean(axis=(1, 2, 3))[:, None]
        return self.layout.compose(
            {"shape": np.concatenate([dark, 0.3 - dark], axis=1), "colour": colour}
        )


@pytest.fixture
def source(tmp_path, home, monkeypatch):
    """A catalogue folder of 160 products, and the fake encoder."""
    monkeypatch.setattr(loading, "load", lambda settings, name=None: Colours())
    folder = tmp_path / "source"
    folder.mkdir()
    draw = np.random.default_rng(0)
    lines = ["id,title,category,colour,photos"]
    for n in range(160):
        kind, colour = ("Shirts", "Belts")[n % 2], list(COLOURS)[n % 3]
        shade = np.clip(np.array(COLOURS[colour]) + draw.integers(-30, 30, 3), 0, 255)
        image = Image.new("RGB", (16, 16), "white")
        image.paste(tuple(shade.tolist()), (3, 3, 13, 13 if n % 2 == 0 else 6))
        image.save(folder / f"{n}.png")
        lines.append(
            f"p{n},Brand{chr(97 + n // 26)}{chr(97 + n % 26)} item,{kind},{colour},{n}.png"
        )
    (folder / "catalogue.csv").write_text("\n".join(lines))
    return folder


def run(command, *args):
    return CliRunner().invoke(command, [str(arg) for arg in args])


def test_it_is_kept_in_the_home_and_judged_by_evaluate(source, home, tmp_path):
    done = run(calibrate_command, "--data", source, "--split", "all")
    assert done.exit_code == 0, done.output
    assert "calibration error on the other half 0." in done.output
    assert "Next: lookalike reindex" in done.output
    path = home_file(home / "models", "c" * 64)
    assert Calibration.load(path, Colours.fingerprint).alike == "same type and basic colour"
    page = tmp_path / "pages" / "evaluation.html"
    told = run(evaluate_command, "--data", source, "--split", "all", "--json", "--html", page)
    report = json.loads(told.stdout)["reliability"]
    assert 0 <= report["error"] <= 1
    assert report["threshold"] == 60
    for one in (*report["curve"], *report["categories"][0]["curve"]):
        assert (one["said"], one["found"]) == (one["predicted"], one["observed"])
    assert report["effects"][0]["category"] == ""
    assert {one["category"] for one in report["categories"]} == {"Shirts", "Belts"}
    html = page.read_text()
    assert html.count("<svg") == 3  # all, and each category
    for part in (
        "Match in percent",
        "What a threshold of 60% does",
        "Confused colours",
        "95% boot",
    ):
        assert part in html
    assert "http" not in html.replace('<html lang="en">', "")


def test_text_shows_the_reliability_or_how_to_get_it(source):
    before = run(evaluate_command, "--data", source, "--split", "all")
    assert "run `lookalike calibrate`" in before.output
    run(calibrate_command, "--data", source, "--split", "all")
    after = run(evaluate_command, "--data", source, "--split", "all")
    assert after.exit_code == 0, after.output
    for part in (
        "Match in percent",
        "calibration error",
        "predicted, %",
        "empty by match",
        "Belts",
    ):
        assert part in after.output


def test_a_page_without_a_calibration_says_so(source, tmp_path):
    page = tmp_path / "evaluation.html"
    assert run(evaluate_command, "--data", source, "--html", page).exit_code == 0
    assert "This encoder has no calibration" in page.read_text()


def test_a_folder_of_ones_own_keeps_its_own(source, home, tmp_path, monkeypatch):
    folder = tmp_path / "model"
    monkeypatch.setattr(Colours, "name", f"local-dir:{folder}")
    assert run(calibrate_command, "--data", source, "--split", "all").exit_code == 0
    assert Calibration.load(folder / FILE).encoder == f"local-dir:{folder}"
    found = find_calibration(home / "models", Colours.name, Colours.fingerprint)
    assert found.calibration is not None
    assert found.notes == ()


def test_that_of_another_encoder_is_named_and_not_used(source, tmp_path, monkeypatch):
    folder = tmp_path / "model"
    monkeypatch.setattr(Colours, "name", f"local-dir:{folder}")
    run(calibrate_command, "--data", source, "--split", "all")
    monkeypatch.setattr(Colours, "fingerprint", "d" * 64)
    told = run(evaluate_command, "--data", source, "--split", "all")
    assert told.exit_code == 0
    assert "was fitted for encoder" in told.stderr
    assert "lookalike calibrate" in told.stderr
    assert "Match in percent" not in told.stdout


def test_the_place_can_be_chosen(source, tmp_path):
    out = tmp_path / "there.json"
    assert run(calibrate_command, "--data", source, "--split", "all", "--out", out).exit_code == 0
    assert Calibration.load(out).fitted_on > 50


@pytest.mark.parametrize("args", [("--data", "nowhere"), ("--split", "v1"), ()])
def test_what_is_missing_is_said_on_one_line(source, args):
    told = run(calibrate_command, *(("--data", source) if args[:1] == ("--split",) else ()), *args)
    assert told.exit_code == 1
    assert len(told.stderr.strip().splitlines()) == 1
    assert not isinstance(told.exception, ValueError)


def test_the_shipped_calibration_can_be_read():
    path = model_file(default_name())
    assert path is not None
    assert path.parent == shipped()[default_name()]
    found = Calibration.load(path)
    assert found.error is not None
    assert found.error < 0.05
    assert Path(path).stat().st_size < 200_000


def test_customers_photos_teach_a_photo_test_that_later_runs_keep(source, home):
    done = run(calibrate_command, "--data", source, "--photos", source, "--split", "all")
    assert done.exit_code == 0, done.output
    assert "photo test learned" in done.output
    path = home_file(home / "models", "c" * 64)
    learned = Calibration.load(path).photo_test
    assert learned is not None and learned.fits(Colours.layout)
    again = run(calibrate_command, "--data", source, "--split", "all")
    assert "photo test kept" in again.output and Calibration.load(path).photo_test == learned
