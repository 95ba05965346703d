import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from catalog.photos.preprocess import to_square
from engine.commands.evaluate import evaluate_command
from engine.encoders import loading
from engine.encoders.facets import FacetLayout
from engine.errors import EncoderUnavailable

COLOURS = {"red": (200, 30, 40), "blue": (40, 90, 190), "green": (40, 130, 60)}


class TwoFacets:
    """Shape is the garment's height, colour its mean colour."""

    name = "two-facets"
    fingerprint = "f"
    image_size = 24
    layout = FacetLayout.of({"shape": 2, "colour": 3})

    def encode_pixels(self, pixels):
        dark = (pixels.min(axis=3) < 200).mean(axis=(1, 2))[:, None]
        colour = pixels.mean(axis=(1, 2)) - pixels.mean(axis=(1, 2, 3))[:, None]
        return self.layout.compose(
            {"shape": np.concatenate([dark, 0.3 - dark], axis=1), "colour": colour}
        )

    def encode(self, images):
        return self.encode_pixels(np.stack([to_square(image, 24) for image in images]))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A catalogue folder of 24 products with two photos each, and the fake encoder."""
    monkeypatch.setenv("LOOKALIKE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(loading, "load", lambda settings, name=None: TwoFacets())
    folder = tmp_path / "shop"
    folder.mkdir()
    lines = ["id,title,category,colour,photos"]
    for n in range(24):
        kind, colour = ("Shirts", "Belts")[n % 2], list(COLOURS)[n % 3]
        for view in range(2):
            image = Image.new("RGB", (40, 40), "white")
            image.paste(COLOURS[colour], (8, 8 + view, 30, 34 if n % 2 == 0 else 14))
            image.save(folder / f"{n}-{view}.png")
        lines.append(f"p{n},Brand{chr(97 + n)} item,{kind},{colour},{n}-0.png;{n}-1.png")
    (folder / "catalogue.csv").write_text("\n".join(lines))
    return folder


def run(*args):
    return CliRunner().invoke(evaluate_command, [str(arg) for arg in args])


def test_the_report_is_printed_as_tables(shop):
    result = run("--data", shop, "--split", "all")
    assert result.exit_code == 0, result.output
    for part in ("24 products, 48 photos", "two-facets", "colour histogram", "random order"):
        assert part in result.output
    assert "a product's other photos" in result.output


def test_json_holds_the_numbers(shop):
    result = run("--data", shop, "--split", "all", "--json", "--baseline", "two-facets")
    report = json.loads(result.stdout)
    names = [one["name"] for one in report["results"]]
    assert names == ["two-facets", "two-facets", "colour histogram", "random order"]
    both = {one["relation"]: one for one in report["results"][0]["relations"]}
    assert both["same type and colour"]["precision_at_10"]["value"] == 1.0
    assert both["same pattern"]["seeds"] == 0
    assert report["index_recall_at_10"] is None
    assert report["unreadable_photos"] == 0


def test_only_the_validation_side_is_used(shop):
    result = run("--data", shop, "--json")
    assert 0 < json.loads(result.stdout)["products"] < 24


def test_a_photo_that_cannot_be_read_is_counted(shop):
    (shop / "3-0.png").write_bytes(b"")
    report = json.loads(run("--data", shop, "--split", "all", "--json").stdout)
    assert (report["photos"], report["unreadable_photos"]) == (47, 1)


def test_own_label_rules_are_used(shop, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text("[[label]]\ncolumn = 'pattern'\nfields = ['colour']\n")
    report = json.loads(run("--data", shop, "--split", "all", "--json", "--labels", rules).stdout)
    assert report["results"][0]["relations"][2]["seeds"] == 24


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--data", "nowhere"], "no file or folder nowhere"),
        (["--labels", "none.toml"], "Cannot read the label rules none.toml"),
        ([], ""),  # no catalogue yet
    ],
)
def test_what_is_missing_is_said_on_one_line(shop, args, message):
    result = run(*args)
    assert result.exit_code == 1
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_too_few_products_are_no_evaluation(tmp_path, shop):
    (shop / "catalogue.csv").write_text("id,title,photos\np,One,0-0.png\n")
    result = run("--data", shop, "--split", "all")
    assert result.exit_code == 1
    assert "leaves 1 products with a photo, and two are needed" in result.stderr


def test_no_readable_photo_is_an_error(shop):
    for path in shop.glob("*.png"):
        path.write_bytes(b"")
    result = run("--data", shop, "--split", "all")
    assert result.exit_code == 1
    assert "None of the photos could be read" in result.stderr


def test_an_encoder_that_cannot_be_had_is_said(shop, monkeypatch):
    def refuse(settings, name=None):
        raise EncoderUnavailable(f"There is no {name}.")

    monkeypatch.setattr(loading, "load", refuse)
    result = run("--data", shop, "--encoder", "far/away", "--split", "all")
    assert result.exit_code == 1
    assert "There is no far/away." in result.stderr
