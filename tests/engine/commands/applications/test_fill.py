import pytest
from click.testing import CliRunner

from catalog.desk.proposals import Proposals
from engine.applications.recognition import confidence, recogniser
from engine.commands.applications.fill import ingest_with_fill
from engine.index.generation import live_manifest


@pytest.fixture
def shop(commands_shop, monkeypatch):
    """Twelve products are enough to learn from, and every word is certain."""
    monkeypatch.setattr(confidence, "FEWEST", 5)
    monkeypatch.setattr(confidence, "MOST_WORDS", 1.0)
    monkeypatch.setattr(recogniser, "LEAST", 0.0)
    monkeypatch.setattr(recogniser.Recogniser.__init__, "__defaults__", (0.0, None, None))
    return commands_shop.shop


def ingest(shop, *options):
    return CliRunner().invoke(ingest_with_fill, [str(shop.source), *options])


def proposals(shop) -> dict[tuple[str, str], str]:
    found, total = Proposals(shop.db).page(1, 1_000)
    assert len(found) == total
    return {(one.product_id, one.attribute): one.word for one in found}


def test_products_that_lack_words_get_proposals_and_keep_what_they_have(shop):
    rows = shop.rows()
    lacking, new = rows[0]["id"], "new"
    rows[0] |= {"category": "", "colour": ""}
    # Another product, which is in no index yet.
    shop.write([*rows, rows[1] | {"id": new, "colour": "", "group_id": ""}])
    before = live_manifest(shop.settings.index_dir)
    done = ingest(shop, "--fill")
    assert done.exit_code == 0, done.output
    assert "proposed for products" in done.output
    found = proposals(shop)
    assert (lacking, "category") in found
    assert (lacking, "colour") in found
    assert (new, "colour") in found
    assert (new, "category") not in found, "it has one"
    product = shop.catalogue.product(lacking)
    assert (product.category, product.colour) == ((), None), "the shop's words stay"
    assert live_manifest(shop.settings.index_dir) == before
    shop.write(shop.rows()[1:])
    assert ingest(shop, "--sync").exit_code == 0
    assert proposals(shop) == found, "only --fill proposes"
    assert ingest(shop, "--fill", "--sync").exit_code == 0


def test_without_an_index_ingest_succeeds_and_says_what_is_next(new_shop, monkeypatch):
    shop = new_shop()
    monkeypatch.setenv("LOOKALIKE_HOME", str(shop.settings.home))
    done = ingest(shop, "--fill")
    assert done.exit_code == 0, done.output
    assert "lookalike reindex" in done.stderr
    assert proposals(shop) == {}


def test_ingest_keeps_its_own_options_and_errors(shop):
    told = CliRunner().invoke(ingest_with_fill, ["nowhere.csv", "--fill"])
    assert told.exit_code == 1
    assert "nowhere.csv" in told.stderr
    names = {option for one in ingest_with_fill.params for option in one.opts}
    assert {"--fill", "--sync", "--format", "--columns"} <= names
