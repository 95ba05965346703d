import json

import pytest
from click.testing import CliRunner
from PIL import Image

from engine.commands.applications.same import same_command


def run(*args):
    return CliRunner().invoke(same_command, [str(arg) for arg in args])


def test_a_product_and_its_own_photo_are_the_same(commands_shop):
    first = commands_shop.ids[0]
    [photo, *_] = commands_shop.shop.catalogue.product(first).photos
    for pair in ((first, first), (first, photo.path), (photo.path, photo.path)):
        done = run(*pair)
        assert done.exit_code == 0, done.output
        assert "The same product" in done.output
        assert "false-accept rate of 0.001" in done.output


def test_json_has_cosine_threshold_and_facets(commands_shop):
    told = json.loads(run(*commands_shop.ids[:2], "--far", "0.1", "--json").stdout)
    assert told["same"] == (told["cosine"] >= told["threshold"])
    assert told["threshold"] == 0.5
    assert told["facets"].keys() == {"shape", "colour", "pattern"}
    assert 0 < told["probability"] < 1


def test_the_answer_is_that_of_the_recommender(commands_shop):
    answer = commands_shop.shop.recommender().same_product(*commands_shop.ids[:2], far=0.1)
    weights = {"shape": 0.5, "colour": 0.3, "pattern": 0.2}
    mean = sum(weights[name] * cosine for name, cosine in answer.facets.items())
    assert answer.cosine == pytest.approx(mean, abs=1e-5)


def test_bad_input_is_said_on_one_line(commands_shop, tmp_path):
    first = commands_shop.ids[0]
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    tiny = tmp_path / "photo.png"
    Image.new("RGB", (20, 20), "red").save(tiny)
    for args, part in (
        ((first, "nowhere"), "neither the id of a product nor the file of a photo"),
        ((first, broken), "broken.jpg"),
        ((first, tiny, "--far", "0.3"), "was not measured"),
    ):
        told = run(*args)
        assert told.exit_code == 1
        assert part in told.stderr
        assert len(told.stderr.strip().splitlines()) == 1


def test_without_a_calibration_the_way_to_one_is_named(commands_shop):
    commands_shop.calibrated.unlink()
    told = run(*commands_shop.ids[:2])
    assert told.exit_code == 1
    assert "lookalike calibrate" in told.stderr
    assert "lookalike reindex" in told.stderr


def test_without_an_index_the_way_to_one_is_named(new_shop, monkeypatch):
    shop = new_shop()
    monkeypatch.setenv("LOOKALIKE_HOME", str(shop.settings.home))
    first, second, *_ = (row["id"] for row in shop.rows())
    told = run(first, second)
    assert told.exit_code == 1
    assert "lookalike reindex" in told.stderr
