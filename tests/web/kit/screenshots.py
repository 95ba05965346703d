"""Takes the pictures of the panel kit's page: ``python -m tests.web.kit.screenshots HOME OUTDIR``.

HOME is a home that was ingested and indexed; the pictures are of pages of another origin.
"""

import sys
from pathlib import Path

from tests.web.kit.elsewhere import elsewhere
from tests.web.live import browsing, serving
from tests.web.screenshots import PHONE, SIZE, keep, show_pieces
from web import WebSettings, create_app
from web.app.context import EXTENSION, Shop

HEAD = """<style>
body { margin: 0 auto; max-width: 1240px; padding: 12px 20px; font: 16px/1.5 Georgia, serif; }
h1 { display: none; }
</style>"""


def main(home: Path, folder: Path) -> None:
    """Take a picture of a grid on a desktop and of a carousel on a phone."""
    with elsewhere() as other:
        app = create_app(WebSettings(home=home, origins=other.origin))
        shop: Shop = app.extensions[EXTENSION]
        seed = show_pieces(shop)[0]
        with serving(app) as api, browsing() as browser:
            for name, size, more in (
                ("panel", SIZE, ""),
                ("panel-phone", {**PHONE, "height": 460}, ' layout="carousel" saved=""'),
            ):
                page = browser.new_page(viewport=size)
                page.goto(
                    other.page(
                        f'<script src="{api}/lookalike-panel.js"></script>'
                        f'<lookalike-panel product-id="{seed}"{more}></lookalike-panel>',
                        head=HEAD,
                    )
                )
                page.locator("lookalike-panel .card .title").first.wait_for()
                keep(page, folder / f"{name}.jpg")
                page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
