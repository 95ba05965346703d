"""Styles of a shop: found, stored, followed; and the command."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner

from engine.applications.styles.build import find_styles
from engine.applications.styles.home import StyleBook, styles_file
from engine.applications.styles.styles import Styles
from engine.commands.applications.clusters import clusters_command
from engine.errors import BrokenStyles, RequestError
from engine.index.generation import open_live
from tests.engine.fake_encoder import FakeEncoder


@pytest.fixture(scope="module")
def styles(shop):
    return find_styles(open_live(shop.settings.index_dir), shop.catalogue, 6)


def command(shop, *arguments: str):
    env = {"LOOKALIKE_HOME": str(shop.settings.home)}
    return CliRunner().invoke(clusters_command, arguments, env=env, catch_exceptions=False)


def test_each_product_on_sale_is_in_one_style(shop, styles):
    members = [styles.members(style) for style in styles.listed]
    listed = [one for group in members for one in group]
    assert sorted(listed) == sorted(shop.catalogue.all_facts().ids.tolist())
    assert [len(group) for group in members] == [style.size for style in styles.listed]
    assert len({style.name for style in styles.listed}) == len(styles) > 1


def test_the_medoid_has_the_largest_sum_of_cosines(shop, styles):
    live = open_live(shop.settings.index_dir)
    for style in styles.listed:
        members = styles.members(style)
        rows = np.asarray(live.vectors[live.ids.rows(members)])
        assert members[0] == style.medoid
        sums = (rows @ rows.T).sum(axis=1)
        assert sums[0] == pytest.approx(sums.max(), abs=1e-4)


def test_a_style_is_found_by_its_number(styles):
    style = styles.listed[1]
    assert styles.find(style.number) == style and styles.find(999) is None
    assert styles.numbers_of([style.medoid, "nobody"]).tolist() == [style.number, -1]
    assert styles.members(style, start=1, most=2) == styles.members(style)[1:3]


def test_a_product_is_found_by_its_id_and_a_row_by_its_centre(styles):
    style = styles.listed[1]
    assert styles.of_product(style.medoid) == style and styles.of_product("nobody") is None
    assert styles.nearest(styles.centres[1]) == style


def test_styles_like_another_are_those_of_near_centres(styles):
    first = styles.listed[0]
    found = styles.like(first, 2)
    cosines = styles.centres[1:] @ styles.centres[0]
    assert found[0] == styles.listed[1 + int(cosines.argmax())]
    assert len(found) == 2 and first not in found
    assert len(styles.like(first, 99)) == len(styles) - 1


def test_stored_styles_are_the_same(styles, tmp_path):
    styles.save(tmp_path / "home" / "styles.npz")
    again = Styles.load(tmp_path / "home" / "styles.npz")
    assert again is not None and again.listed == styles.listed and again.made == styles.made
    assert again.ids.tolist() == styles.ids.tolist()
    assert (again.places == styles.places).all() and (again.centres == styles.centres).all()
    assert Styles.load(tmp_path / "none.npz") is None


@pytest.mark.parametrize("harm", [b"", b"no zip", None])
def test_a_harmed_file_is_refused(styles, tmp_path, harm):
    path = tmp_path / "styles.npz"
    styles.save(path)
    path.write_bytes(path.read_bytes()[:-200] if harm is None else harm)
    with pytest.raises(BrokenStyles, match="lookalike clusters"):
        Styles.load(path)


def test_a_process_follows_the_file_and_keeps_the_last_sound_one(styles, tmp_path, caplog):
    path = tmp_path / "styles.npz"
    book = StyleBook(path)
    assert book.current() is None
    styles.save(path)
    first = book.current()
    assert first is not None and book.current() is first
    path.write_bytes(b"harmed")
    assert book.current() is first and "cannot be used" in caplog.text


def test_a_second_run_keeps_numbers_and_new_products_join(new_shop):
    shop = new_shop(40)
    shop.reindex()
    assert command(shop, "--groups", "4").exit_code == 0
    before = Styles.load(styles_file(shop.settings))
    assert before is not None
    rows = shop.rows()
    gone = rows.pop(3)["id"]
    shop.write(rows)
    shop.ingest(sync=True)
    shop.reindex(FakeEncoder())
    result = command(shop)
    after = Styles.load(styles_file(shop.settings))
    assert after is not None and after.ids.find(gone) < 0
    assert f"of {len(before)} earlier styles kept their numbers" in result.stderr
    ids = after.ids.tolist()
    same = int((after.numbers_of(ids) == before.numbers_of(ids)).sum())
    assert same > len(ids) / 2


def test_the_command_shows_lists_and_writes(new_shop, tmp_path):
    shop = new_shop(20)
    shop.reindex()
    refused = command(shop, "--show")
    assert refused.exit_code == 1 and "without --show" in refused.stderr
    out = tmp_path / "styles.csv"
    assert "20 products" in command(shop, "--csv", str(out)).stdout
    with out.open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 20
    listed = json.loads(command(shop, "--show", "--json").stdout)
    assert sum(one["products"] for one in listed["styles"]) == listed["products"] == 20
    assert listed["products_without_style"] == 0
    styles_file(shop.settings).write_bytes(b"harmed")
    assert "new numbers" in command(shop).stderr


@pytest.mark.parametrize(
    ("products", "arguments", "message"),
    [
        (0, (), "lookalike reindex"),
        (1, (), "the index has 1 that the shop sells"),
        (3, ("--groups", "4"), "3 products cannot form 4 styles"),
        (3, ("--csv", "/nowhere/out.csv"), "There is no folder"),
        (3, ("--show", "--groups", "2"), "Leave one out"),
    ],
)
def test_what_cannot_be_grouped_is_said(new_shop, products, arguments, message):
    shop = new_shop(max(1, products))
    if products:
        shop.reindex()
    result = command(shop, *arguments)
    assert result.exit_code and message in result.stderr


def test_two_products_are_the_least(new_shop):
    shop = new_shop(2)
    shop.reindex()
    found = find_styles(open_live(shop.settings.index_dir), shop.catalogue)
    assert sum(style.size for style in found.listed) == 2
    with pytest.raises(RequestError, match="cannot form"):
        find_styles(open_live(shop.settings.index_dir), shop.catalogue, 3)
