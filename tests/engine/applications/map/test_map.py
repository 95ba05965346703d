"""Making a map: layouts, their order, sprites, attributes, and single pages."""

import base64
import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from catalog.photos.decode_squares import PhotoFile
from catalog.photos.shared_photos import SharedPhotos
from catalog.settings import CatalogSettings
from engine.applications.map import layout as layouts
from engine.applications.map import parts
from engine.applications.map.attributes import OTHER, attributes_of
from engine.applications.map.build import even_choice
from engine.applications.map.home import map_folder, shown_map
from engine.applications.map.layout import places_of, rows_by, start_of
from engine.applications.map.order import drawing_order
from engine.applications.map.sprites import (
    NO_PHOTO,
    SIDE,
    draw_sprites,
    mean_colour,
    read_sprites,
)
from engine.commands.applications.map_stages import line
from engine.errors import RequestError, SettingsError
from engine.index.generation import open_live
from tests.engine.applications.map.running import command
from tests.engine.applications.styles.test_graph import clumps
from tests.web.live import browsing, chromium, visiting

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PLACES = np.random.default_rng(0).integers(0, 65_536, (768, 2)).astype(np.uint16)


@pytest.fixture(scope="module")
def written(shop, tmp_path_factory):
    """A page of the shop's map, and what the command said."""
    out = tmp_path_factory.mktemp("map") / "a map.html"
    return out, command(shop, str(out), "--facet", "colour", "--shop", "https://shop.example/")


def part_of(out, name):
    text = (out.parent / f"{out.stem}-files" / f"{name}.js").read_text(encoding="utf-8")
    value = json.loads(text.partition(", ")[2].rstrip().removesuffix(");"))
    return base64.b64decode(value) if isinstance(value, str) else value


def config_of(out):
    page = out.read_text(encoding="utf-8")
    start = page.index('id="map-config">') + len('id="map-config">')
    return json.loads(page[start : page.index("</script>", start)])


def test_neighbours_stay_neighbours_and_each_run_is_the_same():
    rows = clumps(90, number=3)
    reports = []
    places = places_of(rows, start_of(rows), lambda done, total: reports.append((done, total)))
    assert places.dtype == np.uint16 and places.min() == 0 and places.max() == 65_535
    assert (places == places_of(rows, start_of(rows))).all()
    off = ((places[:, None].astype(float) - places) ** 2).sum(axis=2)
    near = np.argsort(off, axis=1)[:, 1:4]
    cosines = rows @ rows.T
    assert np.mean(np.take_along_axis(cosines, near, axis=1)) > np.quantile(cosines, 0.8)
    assert reports[-1] == (750, 750) and reports == sorted(reports)


def test_rows_of_a_facet_are_its_block(shop):
    live = open_live(shop.settings.index_dir)
    found = rows_by(np.asarray(live.vectors), live.layout, "colour")
    assert found.shape == (60, live.layout.block(live.vectors, "colour").shape[1])
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    with pytest.raises(RequestError, match="it has default, shape, colour, pattern"):
        rows_by(live.vectors, live.layout, "smell")


def test_the_first_products_are_from_everywhere_and_later_ones_have_neighbours():
    order = drawing_order(PLACES)
    assert sorted(order.tolist()) == list(range(768))
    first, later = PLACES[order[:256]] / 65_535, PLACES[order[-40:]] / 65_535
    assert len(np.unique((first * 4).astype(int), axis=0)) == 16  # parts of the map
    steps = np.linalg.norm(np.diff(later, axis=0), axis=1)
    assert np.median(steps) < 0.2


def test_an_order_of_what_is_in_order_changes_nothing():
    ordered = PLACES[drawing_order(PLACES)]
    assert drawing_order(ordered).tolist() == list(range(len(ordered)))


def test_products_of_one_place_are_in_order_too():
    assert drawing_order(np.full((5, 2), 65_535, np.uint16)).tolist() == [0, 1, 2, 3, 4]


def test_sprites_have_photos_in_their_order_and_a_square_where_there_is_none(tmp_path):
    for name in ("red", "blue"):
        Image.new("RGB", (30, 40), name).save(tmp_path / f"{name}.png")
    (tmp_path / "broken.png").write_bytes(b"none")
    red, broken, blue = (PhotoFile(tmp_path / f"{one}.png") for one in ("red", "broken", "blue"))
    reports = []
    pixels, colours = read_sprites(
        [red, None, broken, blue],
        CatalogSettings(),
        tmp_path / "pixels.npy",
        lambda done, total: reports.append((done, total)),
    )
    assert colours[[0, 3]].tolist() == [[255, 0, 0], [0, 0, 255]]
    assert colours[1].tolist() == colours[2].tolist() == list(NO_PHOTO)
    assert reports[-1] == (4, 4)
    (drawn,) = draw_sprites(pixels, np.array([3, 0, 1, 2]))
    (tmp_path / "sprites.webp").write_bytes(drawn)
    with Image.open(tmp_path / "sprites.webp") as image:
        assert image.size == (16 * SIDE, SIDE)
        for at, strong in ((0, 2), (1, 0)):
            pixel = image.convert("RGBA").getpixel((int((at + 0.5) * SIDE), SIDE // 2))
            assert pixel[strong] > 180 > 60 > pixel[2 - strong] and pixel[3] == 255
        assert image.convert("RGBA").getpixel((0, 0))[3] == 0  # corners are round


def test_sprites_show_photos_that_this_home_lacks_from_where_they_are_shared(tmp_path):
    photo = tmp_path / "red.png"
    Image.new("RGB", (30, 40), "red").save(photo)
    caps = CatalogSettings(home=tmp_path / "home", photos=str(tmp_path))
    name = hashlib.sha256(photo.read_bytes()).hexdigest()
    SharedPhotos.of(caps).put(name, photo.read_bytes())
    gone = PhotoFile(tmp_path / "gone.png", name)
    _, colours = read_sprites([gone], caps, tmp_path / "pixels.npy", lambda done, total: None)
    assert colours.tolist() == [[255, 0, 0]]


def test_background_and_edges_have_no_part_in_the_colour():
    pixels = np.full((16, 16, 3), 255, dtype=np.uint8)
    assert mean_colour(pixels).tolist() == [255, 255, 255]
    pixels[:3] = (90, 80, 70)
    pixels[6:10, 6:10] = (10, 200, 30)
    assert mean_colour(pixels).tolist() == [10, 200, 30]


def test_of_too_many_products_mostly_the_same_are_chosen(shop):
    products = list(shop.catalogue.products([f"p{one:03}" for one in range(60)]).values())
    chosen = {one.product_id for one in even_choice(products, 20)}
    fewer = {one.product_id for one in even_choice(products[1:], 20)}
    assert len(chosen) == len(fewer) == 20 and len(chosen & fewer) >= 19
    assert even_choice(products, 60) == products


def test_attributes_of_one_value_colour_nothing(shop):
    products = list(shop.catalogue.products(["p000", "p001", "p002", "p003"]).values())
    colours = np.array([[200, 0, 0], [0, 0, 200], [0, 200, 0], [9, 9, 9]], np.uint8)
    styles = ["Red things", None, "Red things", "Dark things"]
    found = {one.name: one for one in attributes_of(products, colours, styles)}
    assert set(found["colour"].values) == {"red", "blue", "green", "black"}
    red = found["colour"].tones[found["colour"].values.index("red")]
    assert red == "#c80000" and "pattern" not in found
    assert found["style"].values == ("Red things", "Dark things") and found["style"].tones == ()
    assert found["style"].codes.tolist() == [0, OTHER, 0, 1]


def test_the_command_writes_a_page_and_a_folder(written, shop):
    out, result = written
    assert result.exit_code == 0 and "60 products" in result.stdout
    config, texts = config_of(out), part_of(out, "texts-0.json")
    assert sorted(texts["ids"]) == sorted(shop.catalogue.all_facts().ids.tolist())
    assert config["layouts"] == ["default", "colour"]
    assert config["base"] == "https://shop.example"
    places = np.frombuffer(part_of(out, "places-1.bin"), dtype="<u2")
    assert places.size == 2 * config["count"] == 120
    page = out.read_text(encoding="utf-8")
    assert 'src="a%20map-files/map.js"' in page
    assert not list((out.parent / "a map-files").glob("*.npz"))
    again = command(shop, str(out), "--facet", "shape", "--title", "<Shoes>")
    assert again.exit_code == 0 and "&lt;Shoes&gt;" in out.read_text(encoding="utf-8")
    assert config_of(out)["layouts"] == ["default", "shape"]


def test_links_are_those_of_the_web_only(shop, tmp_path):
    found = list(shop.catalogue.products(["p000", "p001"]).values())
    parts.write_texts(
        tmp_path,
        [
            replace(found[0], link="javascript:alert(1)"),
            replace(found[1], link="https://shop.example/p001"),
        ],
    )
    texts = json.loads((tmp_path / "texts-0.json").read_text(encoding="utf-8"))
    assert texts["links"] == ["", "https://shop.example/p001"]


def test_rate_and_time_left_are_said():
    said = line("Read photos", "photos", 500, 2_000, 10.0)
    assert said == "Read photos: 500 of 2,000 photos, 50.0/s, 30 s left"


@pytest.mark.parametrize(
    ("products", "arguments", "message"),
    [
        (0, ("map.html",), "lookalike reindex"),
        (0, (), "lookalike reindex"),
        (1, ("map.html",), "the index has 1 that the shop sells"),
        (1, (), "the index has 1 that the shop sells"),
        (4, ("map.html", "--facet", "smell"), "it has default, shape, colour, pattern"),
        (4, ("--facet", "smell"), "it has default, shape, colour, pattern"),
        (4, ("--title", "Shoes"), "name it, as OUT.html"),
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
    out, *options = arguments or ("",)
    full = [str(tmp_path / out), *options] if out.endswith((".html", ".png")) else arguments
    result = command(shop, *full)
    assert result.exit_code and message in result.stderr
    assert [one.name for one in tmp_path.iterdir() if "map" in one.name] == []
    assert shown_map(map_folder(shop.settings)) is None
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
        page.wait_for_function("() => LookalikeMap.state().whole")
        page.locator("#map-list button").first.wait_for()
        page.fill("#map-words", "thing 53")
        page.get_by_role("heading", name="1 found").wait_for()
        page.locator("#map-list button").click()
        page.locator("#map-card").get_by_text("Thing 53", exact=True).wait_for()
        page.wait_for_function("() => !LookalikeMap.state().moving")
        near = page.evaluate("() => LookalikeMap.state().scale")
        page.locator("#map").focus()
        page.keyboard.press("-")
        page.wait_for_function("(near) => LookalikeMap.state().scale < near", arg=near)
        page.keyboard.press("0")
        page.wait_for_function("() => LookalikeMap.state().zoom === 1")
        page.select_option("#map-colouring", label="colour")
        page.locator("#map-legend button").nth(3).wait_for()
        page.select_option("#map-layout", index=1)
        page.wait_for_function(
            "() => LookalikeMap.state().layout === 1 && !LookalikeMap.state().moving"
        )
        for size in ({"width": 1360, "height": 900}, {"width": 390, "height": 844}):
            page.set_viewport_size(size)
            found = (
                Axe().run(page, options={"runOnly": RULES, "preload": False}).response["violations"]
            )
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
@pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)")
def test_the_script_finds_the_same_order_and_photos_keep_their_distance(written):
    out, _ = written
    ordering = """(flat) => {
        const places = Uint16Array.from(flat), count = places.length / 2;
        const { order, ends } = LookalikeMap.levels.inOrder(
            places.subarray(0, count), places.subarray(count));
        const pairs = new Float32Array(2 * count);
        for (let at = 0; at < count; at++) {
            pairs[2 * at] = places[at] / 65535;
            pairs[2 * at + 1] = places[count + at] / 65535;
        }
        const slots = new Uint32Array(count);
        order.forEach((row, at) => { slots[row] = at; });
        const layout = { places: pairs, order, slots, grids: ends };
        const choice = new LookalikeMap.levels.Choice(layout);
        const shown = Array.from({ length: 16 }, (_, level) => choice.upTo(level));
        return { order: [...order], rows: [...choice.rows], shown };
    }"""
    with browsing() as browser, visiting(browser) as visit:
        page = visit(out.as_uri())
        page.wait_for_function("() => LookalikeMap.state().whole")
        found = page.evaluate(ordering, PLACES.T.ravel().tolist())
    assert found["order"] == drawing_order(PLACES).tolist()
    assert found["shown"] == sorted(found["shown"])
    for level in (2, 5, 8, 15):
        few = PLACES[found["rows"][: found["shown"][level]]] / 65_535
        apart = np.abs(few[:, None] - few).max(axis=2) + np.eye(len(few))
        assert apart.min() >= 0.25 * 2 ** (-level / 3) - 1e-6 and len(few) > min(
            600, 2 ** (2 * level / 3)
        )
