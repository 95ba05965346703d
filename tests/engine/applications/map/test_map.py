"""The map: its layout, atlases and data, and the page in a browser."""

import base64
import hashlib
import json

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from PIL import Image

from catalog.photos.decode_squares import PhotoFile
from catalog.photos.shared_photos import SharedPhotos
from catalog.settings import CatalogSettings
from engine.applications.map import layout as layouts
from engine.applications.map.data import attributes_of, drawing_order, map_data
from engine.applications.map.layout import places_of, rows_by, start_of
from engine.applications.map.sprites import EACH, SIDE, draw_atlases, mean_colour
from engine.commands.applications.map import map_command
from engine.errors import RequestError, SettingsError
from engine.index.generation import open_live
from tests.engine.applications.styles.test_graph import clumps
from tests.web.live import browsing, chromium, visiting

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def command(shop, *arguments: str):
    env = {"LOOKALIKE_HOME": str(shop.settings.home)}
    return CliRunner().invoke(map_command, arguments, env=env, catch_exceptions=False)


@pytest.fixture(scope="module")
def written(shop, tmp_path_factory):
    """A map of the shop, and what the command said."""
    out = tmp_path_factory.mktemp("map") / "a map.html"
    return out, command(shop, str(out), "--facet", "colour", "--shop", "https://shop.example/")


def data_of(out):
    text = (out.parent / f"{out.stem}-files" / "data.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("window.LOOKALIKE_MAP = ").rstrip().removesuffix(";"))


def test_neighbours_stay_neighbours_and_each_run_is_the_same():
    rows = clumps(90, number=3)
    places = places_of(rows, start_of(rows))
    assert places.dtype == np.float32 and places.min() >= 0 and places.max() <= 1
    assert (places == places_of(rows, start_of(rows))).all()
    near = np.argsort(((places[:, None] - places) ** 2).sum(axis=2), axis=1)[:, 1:4]
    cosines = rows @ rows.T
    assert np.mean(np.take_along_axis(cosines, near, axis=1)) > np.quantile(cosines, 0.8)


def test_rows_of_a_facet_are_its_block(shop):
    live = open_live(shop.settings.index_dir)
    found = rows_by(np.asarray(live.vectors), live.layout, "colour")
    assert found.shape == (60, live.layout.block(live.vectors, "colour").shape[1])
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    with pytest.raises(RequestError, match="it has default, shape, colour, pattern"):
        rows_by(live.vectors, live.layout, "smell")


def test_the_first_atlas_is_from_everywhere_and_the_others_have_neighbours():
    places = np.random.default_rng(0).random((3 * EACH, 2)).astype(np.float32)
    order = drawing_order(places)
    assert sorted(order.tolist()) == list(range(3 * EACH))
    parts = [places[order[at : at + EACH]] for at in range(0, 3 * EACH, EACH)]
    assert parts[0].std(axis=0).min() > 0.25
    assert parts[1].std(axis=0).min() < 0.2 or parts[2].std(axis=0).min() < 0.2


def test_an_atlas_has_photos_in_their_order_and_a_square_where_there_is_none(tmp_path):
    for name in ("red", "blue"):
        Image.new("RGB", (30, 40), name).save(tmp_path / f"{name}.png")
    (tmp_path / "broken.png").write_bytes(b"none")
    names = ("red", "broken", "blue")
    photos = [PhotoFile(tmp_path / f"{name}.png") for name in names]
    (atlas,) = draw_atlases([photos[0], None, *photos[1:]], CatalogSettings())
    assert atlas.colours[[0, 3]].tolist() == [[255, 0, 0], [0, 0, 255]]
    assert atlas.colours[1].tolist() == atlas.colours[2].tolist()
    (tmp_path / "atlas.jpg").write_bytes(atlas.jpeg)
    with Image.open(tmp_path / "atlas.jpg") as image:
        red, _, blue = image.getpixel((3.5 * SIDE, SIDE / 2))
        assert blue > 200 > 60 > red


def test_an_atlas_shows_photos_that_this_home_lacks_from_where_they_are_shared(tmp_path):
    photo = tmp_path / "red.png"
    Image.new("RGB", (30, 40), "red").save(photo)
    caps = CatalogSettings(home=tmp_path / "home", photos=str(tmp_path))
    name = hashlib.sha256(photo.read_bytes()).hexdigest()
    SharedPhotos.of(caps).put(name, photo.read_bytes())
    (atlas,) = draw_atlases([PhotoFile(tmp_path / "gone.png", name)], caps)
    assert atlas.colours.tolist() == [[255, 0, 0]]


def test_the_background_has_no_part_in_the_colour():
    pixels = np.full((8, 8, 3), 255, dtype=np.uint8)
    assert mean_colour(pixels).tolist() == [255, 255, 255]
    pixels[3:5, 3:5] = (10, 200, 30)
    assert mean_colour(pixels).tolist() == [10, 200, 30]


def test_the_command_writes_a_page_and_a_folder(written, shop):
    out, result = written
    assert result.exit_code == 0 and "60 products" in result.stdout
    data = data_of(out)
    assert sorted(data["ids"]) == sorted(shop.catalogue.all_facts().ids.tolist())
    assert list(data["layouts"]) == ["default", "colour"]
    assert data["base"] == "https://shop.example" and data["links"] is None
    places = np.frombuffer(base64.b64decode(data["layouts"]["colour"]), dtype="<u2")
    assert places.size == 2 * data["count"]
    page = out.read_text(encoding="utf-8")
    assert 'src="a%20map-files/map.js"' in page and "FILES" not in page and "TITLE" not in page
    again = command(shop, str(out), "--facet", "shape", "--title", "<Shoes>")
    assert again.exit_code == 0 and "&lt;Shoes&gt;" in out.read_text(encoding="utf-8")
    assert data_of(out)["layouts"].keys() == {"default", "shape"}


def test_links_are_those_of_the_web_only(shop):
    found = shop.catalogue.products(["p000", "p001"])
    products = [found["p000"], found["p001"]]
    object.__setattr__(products[0], "link", "javascript:alert(1)")
    object.__setattr__(products[1], "link", "https://shop.example/p001")
    data = map_data(products, {}, np.zeros((2, 3), np.uint8), [], None)
    assert data["links"] == ["", "https://shop.example/p001"]


def test_attributes_of_one_value_colour_nothing(shop):
    products = list(shop.catalogue.products(["p000", "p001", "p002", "p003"]).values())
    found = {one["name"]: one["values"] for one in attributes_of(products)}
    assert set(found["colour"]) == {"red", "blue", "green", "black"} and "pattern" not in found


@pytest.mark.parametrize(
    ("products", "arguments", "message"),
    [
        (0, ("map.html",), "lookalike reindex"),
        (1, ("map.html",), "the index has 1 that the shop sells"),
        (4, ("map.html", "--facet", "smell"), "it has default, shape, colour, pattern"),
        (4, ("map.png",), "should end in .html"),
        (4, ("no/where/map.html",), "There is no folder"),
        (4, ("map.html", "--shop", "javascript:alert(1)"), "--shop should be an address"),
        (4, ("kept.html",), "has other files in it"),
    ],
)
def test_what_cannot_be_drawn_is_said(new_shop, tmp_path, products, arguments, message):
    shop = new_shop(max(1, products))
    if products:
        shop.reindex()
    (tmp_path / "kept-files").mkdir()
    (tmp_path / "kept-files" / "own.txt").write_text("mine")
    result = command(shop, str(tmp_path / arguments[0]), *arguments[1:])
    assert result.exit_code and message in result.stderr
    assert [one.name for one in tmp_path.iterdir() if "map" in one.name] == []
    assert (tmp_path / "kept-files" / "own.txt").read_text() == "mine"


def test_without_its_package_the_command_names_it(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(layouts, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"lookalike\[map\]"):
        start_of(clumps(5))


@pytest.mark.browser
@pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)")
def test_the_map_is_searched_and_walked_by_keys_from_a_disk(written):
    out, _ = written
    with browsing() as browser, visiting(browser) as visit:
        page = visit(out.as_uri(), viewport={"width": 1360, "height": 900}, bypass_csp=True)
        page.wait_for_function("() => lookalikeMap.state().loaded === 1")
        page.locator("#list button").first.wait_for()
        assert page.locator("#list button").count() == 40
        page.fill("#words", "thing 53")
        page.get_by_text("1 found").wait_for()
        page.locator("#list button").click()
        assert page.locator("#chosen").inner_text().startswith("Thing 53")
        page.wait_for_function("() => !lookalikeMap.state().moving")
        near = page.evaluate("() => lookalikeMap.state().scale")
        page.locator("#map").focus()
        page.keyboard.press("-")
        page.wait_for_function("(near) => lookalikeMap.state().scale < near", arg=near)
        page.keyboard.press("0")
        page.wait_for_function("() => lookalikeMap.state().x === 0.5")
        page.select_option("#colouring", "colour")
        assert page.locator("#legend li").count() == 4
        for size in ({"width": 1360, "height": 900}, {"width": 390, "height": 844}):
            page.set_viewport_size(size)
            found = (
                Axe().run(page, options={"runOnly": RULES, "preload": False}).response["violations"]
            )
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
