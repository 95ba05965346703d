"""`lookalike train-heads` as a user runs it."""

import pytest
from click.testing import CliRunner

from engine.commands.train_heads import heads_config, train_heads_command
from engine.encoders.checkpoint import save_appearance
from engine.encoders.open_clip_encoder import load_encoder
from engine.encoders.towers import PREPROCESS
from engine.errors import TrainingError
from engine.training.heads.config import HeadsConfig
from tests.engine.training.heads.test_run import draw_designs
from tests.engine.training.tiny import CONV, clip_config, draw_shop, tiny_model

FEW = [f"--{name}-steps=3" for name in ("identity", "design", "words", "colour", "text")]


@pytest.fixture
def start(tmp_path, monkeypatch):
    monkeypatch.setenv("LOOKALIKE_HOME", str(tmp_path / "home"))
    save_appearance(tmp_path / "start", tiny_model(CONV), clip_config(CONV), PREPROCESS)
    return f"--encoder=local-dir:{tmp_path / 'start'}"


def run(*options) -> "tuple[int, str]":
    result = CliRunner().invoke(train_heads_command, [str(one) for one in options])
    return result.exit_code, result.output


def test_it_trains_and_says_what_to_do_next(tmp_path, start):
    shop = draw_designs(tmp_path / "shop")
    code, output = run(
        *("--data", shop, "--street", draw_shop(tmp_path / "street"), "--out", tmp_path / "out"),
        *(start, "--workers=1", "--half-weights", "--photo-facet=colour=0", *FEW),
    )
    assert code == 0, output
    assert "Computing features ..." in output
    assert "P@10 on" in output
    assert "lookalike calibrate --encoder local-dir:" in output
    layout = load_encoder(f"local-dir:{tmp_path / 'out'}", models_dir=tmp_path).layout
    assert layout.photo_weights["colour"] == 0
    assert layout.weights["colour"] > 0


def test_a_source_without_designs_ends_with_one_line(tmp_path, start):
    shop = draw_shop(tmp_path / "shop", photos=1)
    code, output = run("--data", shop, "--out", tmp_path / "out", start, "--workers=1", *FEW)
    assert code == 1
    assert "No design has two photos" in output
    assert "Traceback" not in output
    assert not (tmp_path / "out" / "open_clip_config.json").exists()


def test_defaults_are_those_of_the_config():
    found, expected = heads_config({}, (), (), ()), HeadsConfig()
    assert found.weights == pytest.approx(expected.weights)
    assert found.photo_weights == pytest.approx(expected.photo_weights)
    weights = {"weights": {}, "photo_weights": {}}
    assert found.as_json() | weights == expected.as_json() | weights


def test_shares_of_a_facet_replace_all_of_its_parts():
    config = heads_config({}, ("colour=0.5",), (), ("shape.identity=2", "shape.words=1"))
    assert config.shape_shares == {"identity": 2, "words": 1}
    assert config.colour_shares == HeadsConfig().colour_shares
    assert sum(config.weights.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("facets", "photo", "parts", "message"),
    [
        (("fit=1",), (), (), "--facet takes shape, colour, pattern"),
        (("colour=0",), (), (), "must be above 0"),
        ((), ("colour=-1",), (), "must be above 0"),
        ((), (), ("shape.cut=1",), r"no part 'shape.cut'.*shape.identity"),
        ((), (), ("shape.words=-1",), "must be 0 or more"),
        ((), (), ("colour.labels=1",), "needs its parts tuned and words"),
    ],
)
def test_weights_and_shares_that_make_no_sense_are_refused(facets, photo, parts, message):
    with pytest.raises(TrainingError, match=message):
        heads_config({}, facets, photo, parts)
