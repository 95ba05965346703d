import json

import pytest
from click.testing import CliRunner

from engine.applications.recognition import confidence
from engine.commands.applications.recognise import recognise_command


def run(*args):
    return CliRunner().invoke(recognise_command, [str(arg) for arg in args])


@pytest.fixture
def recognising(commands_shop, monkeypatch):
    """Twelve products are enough."""
    monkeypatch.setattr(confidence, "FEWEST", 5)
    monkeypatch.setattr(confidence, "MOST_WORDS", 1.0)
    return commands_shop


def test_products_photos_and_sources_are_recognised(recognising):
    shop = recognising.shop
    first = recognising.ids[0]
    photo = shop.catalogue.product(first).photos[0].path
    done = run(first, photo, shop.source, "--least", "0", "--json")
    assert done.exit_code == 0, done.output
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["name"] for one in answers] == [first, str(photo), *recognising.ids]
    for answer in answers:
        found = {one["attribute"]: one for one in answer["recognised"]}
        assert found["category"]["word"].startswith(("Tops", "Shoes"))
        assert found["category"]["evidence"]
    known = {one["attribute"]: one["known"] for one in answers[0]["recognised"]}
    again = {one["attribute"]: one["known"] for one in answers[2]["recognised"]}
    assert known["category"] == again["category"] is not None
    assert all(one["known"] is None for one in answers[1]["recognised"])


def test_text_says_how_sure_and_by_how_many(recognising):
    done = run(recognising.ids[0], "--attribute", "category")
    assert done.exit_code == 0, done.output
    assert "category: " in done.output
    assert "of 11 neighbours" in done.output
    assert "colour" not in done.output


def test_contradictions_are_listed(recognising):
    done = run("--contradictions", "--limit", "2", "--json")
    assert done.exit_code == 0, done.output
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == 2
    assert all(one["labelled"] != one["looks_like"] for one in found)
    assert found[0]["score"] >= found[1]["score"]
    text = run("--contradictions", "--limit", "1", "--attribute", "category").output
    assert "labelled" in text
    assert "looks like" in text


def test_bad_input_is_said_on_one_line(recognising, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    empty = tmp_path / "empty.csv"
    empty.write_text("id,title,photos\n1,Shirt,nowhere.jpg\n")
    for args, part in (
        (("nowhere",), "neither the id of a product"),
        ((broken,), "broken.jpg"),
        ((empty,), "no product with a photo"),
        ((recognising.ids[0], "--attribute", "sleeves"), "'sleeves' cannot be recognised"),
    ):
        told = run(*args)
        assert told.exit_code == 1, told.output
        assert part in told.stderr
        assert len(told.stderr.strip().splitlines()) == 1
    for args in ((), (recognising.ids[0], "--contradictions")):
        assert run(*args).exit_code == 2


def test_few_products_cannot_be_learned_from(commands_shop):
    told = run(commands_shop.ids[0])
    assert told.exit_code == 1
    assert "at least 50 products" in told.stderr


def test_one_product_alone_is_recognised_by_nobody(new_shop, monkeypatch):
    shop = new_shop(1)
    shop.reindex()
    monkeypatch.setenv("LOOKALIKE_HOME", str(shop.settings.home))
    told = run("p000")
    assert told.exit_code == 1
    assert "lookalike reindex" in told.stderr


def test_without_an_index_the_way_to_one_is_named(new_shop, monkeypatch):
    monkeypatch.setenv("LOOKALIKE_HOME", str(new_shop().settings.home))
    told = run("p000")
    assert told.exit_code == 1
    assert "lookalike reindex" in told.stderr
