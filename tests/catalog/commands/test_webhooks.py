"""The command ``hooks``: applies webhooks, lists failed ones, and retries parked ones."""

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


def test_it_applies_waiting_webhooks(shopify, db, run):
    shopify.send("products/create", product(0))
    assert "0 applied" in run("--show").stdout
    assert "1 applied, 0 skipped, 0 failed; 0 waiting, 0 parked" in run().stdout
    assert Catalogue(db).product("tee~red").title == "Tee"


def test_it_lists_failed_webhooks_and_retries_them(shopify, run):
    shopify.send("products/create", b"{")
    for _ in range(MAX_TRIES):
        shopify.apply()
        shopify.clock.pass_by(hours=1)
    result = run("--show").stdout
    assert "1 parked" in result and "parked after 5 tries" in result and "not valid JSON" in result
    found = json.loads(run("--json").stdout)
    assert (found["parked"], found["waiting"], found["oldest"]) == (1, 0, None)
    number = found["troubles"][0]["id"]
    assert "1 parked" in run("--retry", str(number + 1)).stdout  # there is no such number
    anew = json.loads(run("--retry-all", "--json").stdout)
    assert (anew["failed"], anew["waiting"], anew["parked"]) == (1, 1, 0)
    assert anew["troubles"][0]["tries"] == 1
