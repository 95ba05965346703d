"""The map of the storefront in Chromium: frames, bytes and the time until it is drawn.

    python -m tests.benchmarks.map HOME [--products 7646 34461 100000]

HOME needs a map (`lookalike map`). Larger ones repeat its products with moved places. One page of
1280 x 860 pixels zooms in and out and moves by wheel and pointer events, one for each frame: at
first with an empty cache, then again. Without a GPU, as here, Chromium draws with the processor.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from engine.applications.map import parts
from engine.applications.map.home import MapBook, map_folder, publish_map, shown_map
from engine.applications.map.order import drawing_order
from engine.applications.map.sprites import ACROSS, EACH, SIDE, draw_sprites
from engine.applications.map.stored import StoredMap
from engine.arrays import UInt8, UInt16
from engine.settings import EngineSettings
from tests.web.live import browsing, serving, visiting
from web import WebSettings, create_app

STEPS = 120  # frames of each movement
MOVED = 600  # of 65,535: how far a repeated product is at most from its own place
WALK = """async (steps) => {
    const canvas = document.getElementById("map");
    const box = canvas.getBoundingClientRect();
    const row = Number(document.querySelector("#map-list button").dataset.row);
    const [left, top] = LookalikeMap.screen(row); // a place where there are products
    const x = box.left + left, y = box.top + top;
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const send = (type, more) => canvas.dispatchEvent(new PointerEvent(type, {
        pointerId: 1, pointerType: "mouse", bubbles: true, ...more }));
    const wheel = (deltaY) => canvas.dispatchEvent(new WheelEvent("wheel", {
        deltaY, clientX: x, clientY: y, bubbles: true, cancelable: true }));
    canvas.setPointerCapture = () => {};
    const gaps = [];
    LookalikeMap.frames.length = 0;
    let last = await frame();
    const next = async () => { const now = await frame(); gaps.push(now - last); last = now; };
    for (let step = 0; step < steps; step++) { wheel(step < steps / 2 ? -60 : 60); await next(); }
    wheel(-400); wheel(-400); wheel(-400);
    for (let wait = 0; wait < 20; wait++) await frame(); // at rest: photos of this view are loaded
    last = await frame();
    send("pointerdown", { clientX: x, clientY: y });
    for (let step = 0; step < steps; step++) {
        const turn = (step / steps) * 2 * Math.PI;
        const [right, down] = [150 * Math.sin(turn), 100 * Math.sin(2 * turn)];
        send("pointermove", { clientX: x + right, clientY: y + down });
        await next();
    }
    send("pointercancel", {});
    for (let step = 0; step < 3; step++) wheel(400);
    await next();
    return { gaps, draws: [...LookalikeMap.frames] };
}"""


def main() -> None:
    """Measure maps of all sizes and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--products", type=int, nargs="+", default=[7_646, 34_461, 100_000])
    given = parser.parse_args()
    found = shown_map(map_folder(EngineSettings(home=given.home)))
    if found is None:
        parser.error(f"{given.home} has no map: run `lookalike map`.")
    pixels = pixels_of(found)
    for products in given.products:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            publish_map(
                map_folder(EngineSettings(home=home)),
                lambda draft, products=products: repeat(found, pixels, products, draft),
            )
            print(json.dumps({"products": products, **measured(given.home, home)}), flush=True)


def measured(shop: Path, home: Path) -> dict[str, object]:
    """The numbers of the map in a home, on the page of a shop."""
    app = create_app(WebSettings(home=shop, secret_key="only for this benchmark, long enough"))
    app.extensions["lookalike"].map_book = MapBook(map_folder(EngineSettings(home=home)))
    StoredMap.gone_bits = lambda self, live: ""  # repeated products are in no index
    before = os.getloadavg()[0]
    with serving(app) as address, browsing() as browser, visiting(browser) as visit:
        page = visit("about:blank", viewport={"width": 1280, "height": 860})
        received = counted(page)
        page.goto(f"{address}/map")
        page.wait_for_function("() => globalThis.LookalikeMap?.state?.().whole")
        page.wait_for_function("() => document.querySelector('#map-list li')")
        marks = page.evaluate(
            "() => ['map-dots', 'map-photos'].map("
            "(name) => Math.round(performance.getEntriesByName(name)[0].startTime))"
        )
        opened = sum(received)
        runs = []
        for _ in range(2):
            runs.append(summary(page.evaluate(WALK, STEPS)))
            page.wait_for_function("() => LookalikeMap.state().loading === 0")
        return {
            "load": round(before, 1),
            "dots_ms": marks[0],
            "photos_ms": marks[1],
            "opened_kb": round(opened / 1e3),
            "walked_kb": round(sum(received) / 1e3),
            "first": runs[0],
            "again": runs[1],
        }


def counted(page: Page) -> list[int]:
    """The bytes of each answer that a page receives, headers included."""
    received: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    return received


def summary(run: dict[str, list[float]]) -> dict[str, float]:
    """Medians and 95th percentiles in milliseconds, and the share of frames within 20 ms."""
    gaps, draws = np.array(run["gaps"]), np.array(run["draws"])
    found = {
        "gap_50": np.median(gaps),
        "gap_95": np.quantile(gaps, 0.95),
        "draw_50": np.median(draws),
        "draw_95": np.quantile(draws, 0.95),
        "within_20": (gaps <= 20).mean(),
    }
    return {name: round(float(value), 2) for name, value in found.items()}


def pixels_of(found: StoredMap) -> UInt8:
    """The small photos of a map ``(N, SIDE, SIDE, 3)``, in the order of its rows."""
    sheets = []
    for number in range(-(-len(found) // EACH)):
        with Image.open(found.folder / parts.SPRITES.format(0, number)) as image:
            sheet = np.asarray(image.convert("RGB"))
        down = sheet.shape[0] // SIDE
        split = sheet.reshape(down, SIDE, ACROSS, SIDE, 3).transpose(0, 2, 1, 3, 4)
        sheets.append(split.reshape(-1, SIDE, SIDE, 3))
    return np.concatenate(sheets)[: len(found)]


def repeat(found: StoredMap, pixels: UInt8, products: int, folder: Path) -> None:
    """Write a map of more products by one layout: those of another, with moved places."""
    rows = np.arange(products) % len(found)
    places = places_of(found)[rows]
    moved = places[len(found) :].astype(np.int64)
    moved += np.random.default_rng(20).integers(-MOVED, MOVED, moved.shape)
    places[len(found) :] = moved.clip(0, 65_535)
    order = drawing_order(places)
    rows, places = rows[order], places[order]
    head = json.loads((found.folder / parts.HEAD).read_text(encoding="utf-8"))
    head |= {"count": products, "total": products, "left_out": 0, "layouts": head["layouts"][:1]}
    (folder / parts.HEAD).write_text(json.dumps(head), encoding="utf-8")
    (folder / parts.PLACES.format(0)).write_bytes(places.T.astype("<u2").tobytes())
    for at, picture in enumerate(draw_sprites(pixels, rows)):
        (folder / parts.SPRITES.format(0, at)).write_bytes(picture)
    for name in (parts.COLOURS, *(parts.CODES.format(at) for at in range(len(head["attributes"])))):
        kind = np.dtype("<u2") if name == parts.COLOURS else np.dtype(np.uint8)
        values = np.fromfile(found.folder / name, kind)
        (folder / name).write_bytes(values[rows].tobytes())
    write_texts(found, rows.tolist(), folder)


def write_texts(found: StoredMap, rows: list[int], folder: Path) -> None:
    """Write titles and ids of rows of another map, with ids of their own."""
    known = list(texts_of(found))
    ids = [f"{known[row][1]}-{at}" for at, row in enumerate(rows)]
    for number, start in enumerate(range(0, len(rows), parts.CHUNK)):
        part = range(start, min(len(rows), start + parts.CHUNK))
        texts = {
            "titles": [known[rows[at]][0] for at in part],
            "ids": [ids[at] for at in part],
            "links": ["" for _ in part],
        }
        text = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
        (folder / parts.TEXTS.format(number)).write_text(text, encoding="utf-8")
        (folder / parts.HASHES.format(number)).write_bytes(bytes(32 * len(part)))
    names = np.array([one.encode() for one in ids], dtype=np.bytes_)
    sorted_rows = np.argsort(names, kind="stable")
    np.savez(folder / parts.IDS, ids=names[sorted_rows], rows=sorted_rows.astype(np.int32))


def texts_of(found: StoredMap) -> Iterator[tuple[str, str]]:
    """Title and id of each row of a map."""
    for number in range(-(-len(found) // parts.CHUNK)):
        text = (found.folder / parts.TEXTS.format(number)).read_text(encoding="utf-8")
        texts = json.loads(text)
        yield from zip(texts["titles"], texts["ids"], strict=True)


def places_of(found: StoredMap) -> UInt16:
    """The places ``(N, 2)`` of the first layout of a map."""
    flat = np.fromfile(found.folder / parts.PLACES.format(0), "<u2")
    return flat.reshape(2, -1).T.astype(np.uint16)


if __name__ == "__main__":
    main()
