"""``lookalike hooks``: applies, tells what is left, and tries parked ones anew."""

import json

import pytest
from click.testing import CliRunner

from catalog.hooks.queue import MAX_TRIES
from catalog.products.catalogue import Catalogue
from tests.catalog.hooks.shopify import product
from web.cli import main


@pytest.fixture
def run(shopify):
    def run(*arguments):
        done = CliRunner().invoke(main, ["hooks", *arguments])
        assert done.exit_code == 0, done.output
        return done

    return run


def test_it_applies_what_waits_and_tells(shopify, db, run):
    shopify.send("products/create", product(0))
    assert "0 applied" in run("--show").stdout
    assert "1 applied, 0 skipped, 0 failed; 0 waiting, 0 parked" in run().stdout
    assert Catalogue(db).product("tee~red").title == "Tee"


def test_it_lists_what_failed_and_tries_it_anew(shopify, run):
    shopify.send("products/create", b"{")
    for _ in range(MAX_TRIES):
        shopify.apply()
        shopify.clock.pass_by(hours=1)
    told = run("--show").stdout
    assert "1 parked" in told and "parked after 5 tries" in told and "not valid JSON" in told
    found = json.loads(run("--json").stdout)
    assert (found["parked"], found["waiting"], found["oldest"]) == (1, 0, None)
    number = found["troubles"][0]["id"]
    assert "1 parked" in run("--retry", str(number + 1)).stdout  # there is no such number
    anew = json.loads(run("--retry-all", "--json").stdout)
    assert (anew["failed"], anew["waiting"], anew["parked"]) == (1, 1, 0)
    assert anew["troubles"][0]["tries"] == 1
