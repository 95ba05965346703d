import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.commands.index import COMMANDS
from engine.commands.recommend import shortfall
from engine.encoders import loading
from engine.index.generation import open_live
from engine.index.pointer import current_name
from engine.recommendation.results import Panel
from tests.engine.fake_encoder import FakeEncoder

BY_NAME = {command.name: command for command in COMMANDS}


@pytest.fixture
def call(monkeypatch):
    """Runs a command in a shop's home, with the fake encoder behind the door."""
    monkeypatch.setattr(loading, "load", lambda settings, name=None: FakeEncoder())

    def run(shop, name: str, *arguments: str) -> Result:
        home = str(getattr(shop, "settings", shop).home)
        env = {"LOOKALIKE_HOME": home, "LOOKALIKE_WORKERS": "1", "LOOKALIKE_TREES": "10"}
        return CliRunner().invoke(BY_NAME[name], arguments, env=env, catch_exceptions=False)

    return run


def test_reindex_prints_what_it_did_and_then_that_nothing_changed(new_shop, call):
    shop = new_shop(4)
    first = call(shop, "reindex")
    assert first.exit_code == 0
    assert "6 photos embedded, 0 failed" in first.output
    assert "Published generation" in first.output and "recall@10 1.0000" in first.output
    second = call(shop, "reindex", "--workers", "1", "--device", "cpu")
    assert second.exit_code == 0
    assert "0 photos embedded" in second.output and "Nothing changed" in second.output
    assert "Published" in call(shop, "reindex", "--force").output


def test_reindex_shows_the_photos_that_it_could_not_read(new_shop, call):
    shop = new_shop(4)
    (shop.source.parent / "photos" / "p002-0.png").unlink()
    result = call(shop, "reindex")
    assert result.exit_code == 0
    assert "p002-0.png: The file is not there any more" in result.stderr


def test_recommend_as_json_has_the_documented_form(shop, call):
    result = call(shop, "recommend", "p001", "p002", "-k", "3", "--json")
    answer = json.loads(result.stdout)
    assert answer.keys() == {
        "query_id",
        "seeds",
        "generation",
        "fallback",
        "relaxed",
        "tastes",
        "rules",
        "results",
        "also_in",
        "switched_off",
    }
    assert (answer["fallback"], answer["relaxed"], answer["rules"]) == ("none", [], [])
    assert sorted(seed for one in answer["tastes"] for seed in one["seeds"]) == ["p001", "p002"]
    assert answer["seeds"] == ["p001", "p002"]
    assert answer["generation"] == current_name(shop.settings.index_dir)
    assert [item["rank"] for item in answer["results"]] == [1, 2, 3]
    for item in answer["results"]:
        known = {"product_id", "score", "match", "rank", "seed", "reasons", "facets"}
        assert item.keys() == known | {"variants", "rule", "also_in"}
    expected = shop.recommender().similar_to_many(["p001", "p002"], 3)
    assert [item["product_id"] for item in answer["results"]] == [r.product_id for r in expected]


def test_recommend_for_people_has_titles_and_reasons(shop, call):
    result = call(shop, "recommend", "p001", "-k", "4", "--facet", "colour=9")
    expected = shop.recommender().similar_to("p001", 4, {"colour": 9})
    lines = result.stdout.splitlines()
    assert [line.split()[2] for line in lines] == [r.product_id for r in expected]
    assert all("Thing" in line for line in lines)
    lifted = call(shop, "recommend", "p001", "-k", "99", "--any-gender", "--any-age-group")
    assert len(lifted.stdout.splitlines()) > len(
        call(shop, "recommend", "p001", "-k", "99").stdout.splitlines()
    )
    assert "of 99: no others may be shown" in lifted.stderr


def test_a_panel_without_results_is_not_said_to_lack_others():
    empty = Panel(("p1",), "g", (), "0" * 32)
    assert shortfall(empty, 12) == "No product may be shown."
    assert shortfall(replace(empty, switched_off=True), 12) is None  # which is said already


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nobody",), "No product has the id 'nobody'"),
        (("p001", "-k", "-2"), "whole number from 1 to 1000, not -2"),
        (("p001", "--facet", "taste=1"), "no facet 'taste'; it has "),
        (("p001", "--facet", "colour=-1"), "must be 0 or more"),
        (("p001", "--diversity", "2"), "diversity must be a number from 0 to 1"),
        (("p001", "--min-match", "50"), "no calibration"),
        (("p001", "--filter", "size=9"), "no field 'size' to filter by"),
        (("p001", "--filter", "price_to=cheap"), "price_to 'cheap' is not a number"),
        (("p001", "--less", "nobody"), "No product has the id 'nobody'"),
    ],
)
def test_a_request_that_is_not_valid_gets_one_line(shop, call, arguments, message):
    result = call(shop, "recommend", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr and result.stderr.count("\n") == 1


def test_recommend_takes_every_option(shop, call):
    arguments = ("--filter", "colour=red", "--filter", "colour=blue", "--filter", "price_to=9")
    arguments += ("--facet", "shape=2", "--diversity", "0.3", "--less", "p007", "--variants")
    arguments += ("--lift", "sold_out", "--lift", "any_gender", "--no-rules", "--json")
    answer = json.loads(call(shop, "recommend", "p001", *arguments).stdout)
    expected = shop.recommender().panel(
        "p001",
        filter={"colour": ["red", "blue"], "price_to": 9},
        facets={"shape": 2},
        diversity=0.3,
        less=("p007",),
        variants=True,
        rules=False,
        sold_out=True,
        any_gender=True,
    )
    assert answer["fallback"] == "relaxed-filter"  # no product of this shop has a price
    assert answer["relaxed"] == ["colour", "price_to"]
    assert [one["product_id"] for one in answer["results"]] == [
        result.product_id for result in expected.results
    ]
    people = call(shop, "recommend", "p001", "--filter", "price_to=9")
    assert "without price_to:" in people.stderr and people.stdout


def test_a_filter_without_a_value_is_a_usage_error(shop, call):
    result = call(shop, "recommend", "p001", "--filter", "colour")
    assert result.exit_code == 2 and "FIELD=VALUE" in result.stderr


def test_a_facet_without_a_weight_is_a_usage_error(shop, call):
    result = call(shop, "recommend", "p001", "--facet", "colour")
    assert result.exit_code == 2 and "NAME=WEIGHT" in result.stderr


def test_commands_before_the_first_reindex_name_it(new_shop, call, tmp_path):
    shop = new_shop(2)
    for name, argument in (("recommend", "p001"), ("vectors", str(tmp_path / "out.npz"))):
        result = call(shop, name, argument)
        assert result.exit_code == 1 and "lookalike reindex" in result.stderr
    assert not (tmp_path / "out.npz").exists()


def test_vectors_writes_ids_unit_rows_and_facets(shop, call, tmp_path):
    out = tmp_path / "vectors.npz"
    result = call(shop, "vectors", str(out))
    assert result.exit_code == 0 and "60 rows of 39" in result.output
    generation = open_live(shop.settings.index_dir)
    with np.load(out, allow_pickle=False) as file:
        assert sorted(file) == ["facets", "ids", "vectors"]
        assert file["ids"].dtype.kind == "U" and file["ids"].tolist() == generation.ids.tolist()
        assert file["vectors"].dtype == np.float32
        assert (file["vectors"] == generation.vectors).all()
        assert np.allclose(np.linalg.norm(file["vectors"], axis=1), 1, atol=1e-5)
        facets = json.loads(str(file["facets"]))
    assert facets == {"shape": [0, 17], "colour": [17, 30], "pattern": [30, 39]}
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.npz"]


def test_status_is_for_people_and_for_programs(shop, call):
    lines = call(shop, "status").stdout.splitlines()
    assert lines[0].startswith("Catalogue:") and lines[-1] == "Next:       lookalike serve"
    assert json.loads(call(shop, "status", "--json").stdout)["next_step"] == "lookalike serve"


def test_requests_and_browsing_load_no_torch():
    code = (
        "import sys, engine, engine.commands.index, engine.recommendation.recommender;"
        "import engine.embedding.embed, engine.index.reindex;"
        "print(sorted({name.split('.')[0] for name in sys.modules}"
        " & {'torch', 'open_clip', 'timm', 'torchvision', 'flask'}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
