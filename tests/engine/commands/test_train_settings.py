import builtins
import tomllib

import click
import pytest

from engine.commands.train_settings import RANGES, parse_terms, parse_views
from engine.encoders.towers import CONFIG_FILE
from engine.labels.labels import RULES, LabelRule
from engine.training.data.config import DEFAULT_TERMS, TrainConfig, Views
from engine.training.data.run_file import RUN_FILE
from tests.engine.commands.training import SMALL, run
from tests.engine.training.tiny import draw_shop

pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture(scope="module")
def made(encoders, tmp_path_factory):
    """A model with its run's file, made with many options."""
    folder = tmp_path_factory.mktemp("made")
    shop = draw_shop(folder / "shop", products=16)
    rules = folder / "rules.toml"
    rules.write_text('[[label]]\ncolumn = "fabric"\nfields = ["title"]\nfacets = ["pattern"]\n')
    options = ["--term", "type=2", "--term", "fabric=0.5", "--view", "turn=5", "--labels", rules]
    options += ["--view", "zoom=0.7:1", "--view", "mirror=no", "--facet", "colour=0.5", "--seed", 3]
    options += ["--half-weights", "--shares", "1", "--epochs", "0.5", "--tensorboard"]
    out = folder / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOKALIKE_HOME", str(folder / "home"))
        patch.setenv("LOOKALIKE_WORKERS", "1")
        done = run("--data", shop, "--encoder", encoders["conv"], *SMALL, *options, "--out", out)
    assert done.exit_code == 0, done.output
    return out


def test_every_effective_option_is_beside_the_model(made, encoders):
    content = tomllib.loads((made / RUN_FILE).read_text())
    assert (made / RUN_FILE).read_text().startswith("# A training run. To repeat it: lookalike tr")
    assert list(content) == ["run", "settings", "data", "result", "versions"]
    assert content["run"]["data"] == [str(made.parent / "shop")]
    assert content["run"]["facets"] == {"colour": 0.5} and content["run"]["half_weights"] is True
    settings = TrainConfig.from_json(content["settings"])
    assert settings.encoder == encoders["conv"] and settings.side == 32 and settings.seed == 3
    assert settings.steps == 2  # those of the epochs
    assert settings.terms == DEFAULT_TERMS | {"type": 2.0, "fabric": 0.5}
    assert settings.views == Views(turn=5.0, zoom=(0.7, 1.0), mirror=False)
    data = content["data"]
    assert data["photos"] == 32 and data["products"] == 16 and len(data["photos_digest"]) == 16
    assert content["result"]["device"] == "cpu"
    assert sum(content["result"]["facets"].values()) == pytest.approx(1)
    assert {"python", "torch", "lookalike"} <= content["versions"].keys()


def test_a_run_is_repeated_from_its_file(made, tmp_path):
    again = run("--config", made / RUN_FILE, "--out", tmp_path / "again")
    assert again.exit_code == 0, again.output
    assert "not the data" not in again.stderr
    for name in (RUN_FILE, "facets.json", "facet_heads.safetensors", "open_clip_model.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (made / name).read_bytes(), name


def test_an_option_on_the_command_line_wins_and_other_data_are_named(made, tmp_path):
    shop = draw_shop(tmp_path / "other", products=9)
    options = ["--data", shop, "--steps", "1", "--view", "turn=7", "--out", tmp_path / "out"]
    changed = run("--config", made / RUN_FILE, *options)
    assert changed.exit_code == 0, changed.output
    assert "not the data of the run to repeat: photos 32 then, 18 now; prod" in changed.stderr
    content = tomllib.loads((tmp_path / "out" / RUN_FILE).read_text())
    assert content["settings"]["steps"] == 1 and content["settings"]["seed"] == 3
    assert content["settings"]["views"]["turn"] == 7
    assert content["settings"]["views"]["mirror"] is True  # the whole table is another one
    assert content["settings"]["terms"]["type"] == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[settings]\nmagrin = 1", "settings 'magrin' is unknown; use encoder, side"),
        ("[sets]\na = 1", "table 'sets' is unknown; use run, settings"),
        ("[settings.views]\nwarp = 1", "settings.views 'warp' is unknown; use zoom"),
        ("[settings]\nviews = 3", "settings.views must be a table"),
        ("run = 3", "run must be a table"),
        ("[run]\ndata = 'shop'", "sources must be a list"),
        ("[settings]\nmargin = 'wide'", "margin: 'wide' is not a valid float range"),
        ("[settings]\nminer = 'all'", "miner: 'all' is not one of"),
        ("[settings]\nsteps = -1", "steps: -1 is not in the range"),
        ("steps = ", "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path, text, words):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    refused = run("--config", path, "--data", tmp_path)
    assert refused.exit_code == 2, refused.output
    assert "mine.toml" in refused.stderr and words in " ".join(refused.stderr.split())


def test_a_missing_file_is_named(tmp_path):
    refused = run("--config", tmp_path / "none.toml")
    assert refused.exit_code == 2 and "none.toml: No such file" in refused.stderr


@pytest.mark.parametrize(
    ("option", "given", "words"),
    [
        ("--term", "type", "'type' is not LABEL=WEIGHT"),
        ("--term", "fabric=1", "No label column 'fabric' trains a facet; use type,"),
        ("--term", "sleeve=1", "No label column 'sleeve' trains a facet"),
        ("--term", "type=-1", "type=-1 must be 0 or more"),
        ("--term", "type=nan", "type=nan must be 0 or more"),
        ("--view", "turn", "'turn' is not NAME=VALUE"),
        ("--view", "warp=1", "There is no view 'warp'; use zoom"),
        ("--view", "zoom=1", "zoom=1 must be LOW:HIGH"),
        ("--view", "zoom=1:0.5", "zoom=1:0.5 must be LOW:HIGH"),
        ("--view", "turn=1:2", "turn takes one number"),
        ("--view", "erase=2", "erase=2 must be from 0 to 1"),
        ("--view", "mirror=perhaps", "mirror=perhaps must be yes or no"),
    ],
)
def test_wrong_terms_and_views_are_refused(tmp_path, option, given, words):
    refused = run("--data", tmp_path, option, given)
    assert refused.exit_code == 2
    assert option in refused.stderr and words in " ".join(refused.stderr.split())
    assert not list(tmp_path.rglob(CONFIG_FILE))


def test_terms_and_views_keep_what_is_not_named():
    assert parse_terms((), RULES) is None and parse_views(()) is None
    assert parse_terms(("group=0",), RULES) == DEFAULT_TERMS | {"group": 0.0}
    own = (*RULES, LabelRule("fabric", ("attributes.fabric",), facets=("pattern",)))
    assert parse_terms((" fabric = 2 ",), own) == DEFAULT_TERMS | {"fabric": 2.0}
    assert parse_views(("scene=0", "mirror=No")) == Views(scene=0.0, mirror=False)
    assert {*RANGES, "mirror"} == set(Views.__dataclass_fields__)
    with pytest.raises(click.BadParameter):
        parse_views(("light=x",))


def test_the_steps_are_logged_for_tensorboard(made):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(made / "tensorboard")).Reload()
    names = events.Tags()["scalars"]
    assert {"loss", "spread", "losses/type", "active/type", "spreads/colour"} <= set(names)
    assert [one.step for one in events.Scalars("loss")] == [1, 2]


def test_without_its_package_tensorboard_is_refused_before_anything(
    tiny_shop, encoders, tmp_path, monkeypatch
):
    real = builtins.__import__

    def absent(name, *rest):
        if name.startswith("torch.utils.tensorboard"):
            raise ModuleNotFoundError("No module named 'tensorboard'")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    options = [*SMALL, "--tensorboard", "--out", tmp_path / "out"]
    refused = run("--data", tiny_shop, "--encoder", encoders["conv"], *options)
    assert refused.exit_code == 1
    assert "pip install tensorboard" in refused.stderr and "--tensorboard out" in refused.stderr
    assert not (tmp_path / "out").exists()
