"""One folder of photos for several servers: each home has it as its folder ``photos``."""

from io import BytesIO

from PIL import Image

from catalog.fetching.photo_store import PhotoStore
from catalog.records import Photo
from catalog.settings import CatalogSettings
from web.app.responses.drawing import Drawing


def test_a_photo_that_one_home_fetched_is_drawn_by_the_other(tmp_path, make_photo):
    (tmp_path / "shared").mkdir()
    homes = [tmp_path / "one", tmp_path / "other"]
    for home in homes:
        home.mkdir()
        (home / "photos").symlink_to(tmp_path / "shared")
    stores = [PhotoStore(CatalogSettings(home=home)) for home in homes]
    with stores[0].draft() as draft:
        draft.write(make_photo(tmp_path / "red.jpg", "red", (400, 500)).read_bytes())
        kept = stores[0].keep(draft, "https://shop.example/red.jpg")
    assert stores[1].has(kept.path, kept.bytes)
    photo = Photo("p", 0, homes[1] / kept.path, kept.content_hash, kept.width, kept.height)
    drawing = Drawing(CatalogSettings(home=homes[1]), seconds=60)
    try:
        with Image.open(BytesIO(drawing.shrink(photo, 160))) as small:
            assert small.size == (160, 200)
    finally:
        drawing.decoder.close()
