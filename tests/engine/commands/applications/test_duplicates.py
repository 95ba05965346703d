import json
import shutil

import pytest
from click.testing import CliRunner

from catalog.desk.decisions import Decisions
from catalog.desk.found_pairs import FoundPairs
from engine.commands.applications.duplicates import duplicates_command


def run(*args):
    return CliRunner().invoke(duplicates_command, [str(arg) for arg in args])


@pytest.fixture
def twice(commands_shop):
    """The shop with its first product listed again, and the pair."""
    shop = commands_shop.shop
    rows = shop.rows()
    first = rows[0]
    copy = shop.source.parent / "again.png"
    shutil.copy(shop.source.parent / first["photos"].split(";")[0], copy)
    # One photo; the shop draws two of a product.
    shop.write([*rows, first | {"id": "again", "photos": copy.name, "group_id": ""}])
    shop.ingest()
    shop.reindex()
    return tuple(sorted(("again", first["id"])))


def listed(*args) -> set[tuple[str, str]]:
    done = run("--json", *args)
    assert done.exit_code == 0, done.output
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {(one["first"], one["second"]) for one in found}


def test_what_is_found_is_kept_for_the_desk_until_it_is_decided(twice, commands_shop):
    db = commands_shop.shop.db
    assert twice in listed()
    pairs, total = FoundPairs(db).open_pairs("product", 1, 50)
    assert total == len(pairs)
    assert twice in {(one.first, one.second) for one in pairs}
    assert run("--apart", *twice).exit_code == 0
    assert twice not in {
        (one.first, one.second) for one in FoundPairs(db).open_pairs("product", 1, 50)[0]
    }
    assert twice not in listed()
    assert run("--undo", *twice).exit_code == 0
    assert twice in listed()


def test_a_merged_pair_has_no_place_in_the_panel_of_either(twice, commands_shop):
    assert run("--merge", *reversed(twice)).exit_code == 0
    assert [(one.first, one.second) for one in Decisions(commands_shop.shop.db).all("product")] == [
        twice
    ]
    recommender = commands_shop.shop.recommender()
    lifted = {"near_duplicates": True, "sold_out": True, "any_gender": True, "min_match": 0}
    for one, other in (twice, reversed(twice)):
        shown = recommender.similar_to(one, k=20, **lifted)
        assert other not in {result.product_id for result in shown}
    assert twice not in listed()


def test_bad_input_is_said_on_one_line(commands_shop):
    first = commands_shop.ids[0]
    for args, part in (
        (("--merge", first, "nowhere"), "nowhere"),
        (("--merge", first, first), "name two products"),
        (("--looks", "0.4"), "was not measured"),
    ):
        told = run(*args)
        assert told.exit_code == 1
        assert part in told.stderr
        assert len(told.stderr.strip().splitlines()) == 1
    commands_shop.calibrated.unlink()
    told = run("--photos")
    assert told.exit_code == 1
    assert "lookalike calibrate" in told.stderr


def test_photos_that_disagree_are_listed(commands_shop):
    done = run("--photos")
    assert done.exit_code == 0, done.output
    assert "disagree with their product" in done.stderr


def test_without_an_index_the_way_to_one_is_named(new_shop, monkeypatch):
    shop = new_shop()
    monkeypatch.setenv("LOOKALIKE_HOME", str(shop.settings.home))
    told = run()
    assert told.exit_code == 1
    assert "lookalike reindex" in told.stderr
