"""The panel in a page of another origin: bytes, requests, and time to its first card on a phone.

Run ``python -m tests.benchmarks.panel_element [HOME]`` on a home that was ingested and indexed,
with Debian's chromium installed. The browser is slowed down as Lighthouse slows it for phones: 1.6
Mbit/s, 150 ms to and fro, and a quarter of the processor. "page alone" is the same page without
the panel's two lines, so that what the panel adds can be seen.
"""

import gzip
import statistics
import sys
from pathlib import Path

from playwright.sync_api import Browser

from engine.settings import EngineSettings
from tests.web.kit.elsewhere import elsewhere
from tests.web.live import browsing, chromium, serving
from web import WebSettings, create_app
from web.app.context import EXTENSION, Shop
from web.kit.routes import BUILT, SCRIPT

ROUNDS = 7
PHONE = {"width": 390, "height": 844}
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
CARD = "lookalike-panel .card .title"
SEEN = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() =>
  done(performance.now()))))"""


def main(home: Path) -> int:
    """Measure and print; the exit status is 1 if there is no browser."""
    if chromium() is None:
        print("chromium is not installed (apt: chromium)")
        return 1
    text = (BUILT / SCRIPT).read_bytes()
    print(f"script: {len(text):,} bytes, {len(gzip.compress(text, 9)):,} with gzip")
    with elsewhere() as other:
        app = create_app(WebSettings(home=home, origins=other.origin))
        shop: Shop = app.extensions[EXTENSION]
        seed = str(shop.recommender.live().ids[0])
        with serving(app) as api, browsing() as browser:
            panel = (
                f'<script async src="{api}/lookalike-panel.js"></script>'
                f'<lookalike-panel product-id="{seed}"></lookalike-panel>'
            )
            alone, with_panel = other.page("", "/alone"), other.page(panel, "/panel")
            embedded = app.test_client().get(f"/panel/{seed}?embed=1", base_url=api)
            served = other.page(embedded.get_data(as_text=True), "/served")
            for name, address, sign in (
                ("page alone", alone, "h1"),
                ("two lines", with_panel, CARD),
                ("from the server", served, CARD),
            ):
                report(name, [visit(browser, address, sign, api) for _ in range(ROUNDS)])
    return 0


def visit(browser: Browser, address: str, sign: str, api: str) -> tuple[float, int, int]:
    """One visit in a fresh profile: milliseconds until a sign is there; requests to us; bytes."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    received: list[float] = []
    session.on("Network.dataReceived", lambda event: received.append(event["dataLength"]))
    page.goto(address, wait_until="commit")
    page.locator(sign).first.wait_for()
    moment = float(page.evaluate(SEEN))
    ours = [url for url in asked if url.startswith(api) and "/media/" not in url]
    context.close()
    return moment, len(ours), int(sum(received))


def report(name: str, visits: list[tuple[float, int, int]]) -> None:
    """Print the median and range of the times, and what was asked for before the first card."""
    times = sorted(moment for moment, _, _ in visits)
    print(
        f"{name:16} first card after {statistics.median(times):5.0f} ms "
        f"({times[0]:.0f} to {times[-1]:.0f}), {visits[0][1]} requests beside photos, "
        f"{max(size for _, _, size in visits):,} bytes unpacked"
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else EngineSettings().resolved_home))
