"""Commands at the same time, and truncated feeds: the next run is complete."""

import gzip
import zipfile

import pytest

from catalog.database.database import Database
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from engine.errors import Busy
from engine.index.reindex import reindex
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.losses import feeds
from tests.losses.commands import SETTINGS
from tests.losses.serving import check_answers, serving
from tests.losses.state import differences


@pytest.fixture
def begun(tmp_path, homes):
    """A home with an index, and a feed that has changed since."""
    feed = feeds.draw(tmp_path / "source")
    home = homes.new()
    home.do("ingest", source=str(feed))
    home.do("reindex")
    feeds.change(feed)
    return home, feed


def test_an_ingest_and_another_reindex_within_a_reindex(begun, homes):
    """Both run while photos are embedded, the longest part of a reindex."""
    home, feed = begun
    whole = homes.copy(home)
    whole.do("ingest", source=str(feed))
    whole.do("reindex")
    settings = EngineSettings(home=home.path, **SETTINGS)
    caps = CatalogSettings(home=home.path, database_url=home.address)
    reports = []
    with Database.open(caps) as db:

        def meanwhile(_):
            if not reports:
                reports.append(ingest(db, open_source(feed), sync=True, settings=caps))
                with pytest.raises(Busy, match="Another reindex is running"):
                    reindex(Catalogue(db), FakeEncoder(), settings, caps=caps)

        encoder = FakeEncoder()
        reindex(Catalogue(db), encoder, settings, caps=caps, force=True, on_progress=meanwhile)
        assert reports[0].inserted == 6
    check_answers(home)
    home.do("reindex")
    assert not differences(home.state(), whole.state())


def plain(feed):
    return feed


def in_gzip(feed):
    path = feed.with_suffix(".csv.gz")
    path.write_bytes(gzip.compress(feed.read_bytes()))
    return path


def in_zip(feed):
    path = feed.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(feed, feed.name)
        for photo in feed.parent.glob("photos/*"):
            archive.write(photo, f"photos/{photo.name}")
    return path


def in_xml(feed):
    items = "".join(
        "<item><id>{id}</id><title>{title}</title><price>9 EUR</price>"
        "<image_link>{photos}</image_link></item>".format_map(row)
        for row in feeds.read(feed)
    )
    path = feed.with_suffix(".xml")
    path.write_text(f'<?xml version="1.0"?><rss><channel>{items}</channel></rss>')
    return path


@pytest.mark.parametrize(
    ("pack", "share"), [(plain, 0.3), (plain, 0.9), (in_gzip, 0.9), (in_zip, 0.7), (in_xml, 0.5)]
)
def test_a_feed_that_ends_too_early(tmp_path, lite_homes, pack, share):
    feed = feeds.draw(tmp_path / "source")
    packed = pack(feed)
    source = {"source": str(packed)}
    home = lite_homes.new()
    home.do("ingest", **source)
    home.do("fetch")
    home.do("reindex")
    before = home.state()
    data = packed.read_bytes()
    packed.write_bytes(data[: int(len(data) * share)])
    with serving(home) as ask:
        usual = ask()
        ended = home.run("ingest", source)
        if "error" in ended:
            assert ended["error"] == "SourceError", ended
            assert packed.name in ended["message"]
        else:  # its complete rows were read
            assert ended["result"]["note"].startswith("nothing was retired"), ended
        now = home.state()
        assert now.products.keys() == before.products.keys()
        assert not any(dict(row)["retired"] == "True" for row in now.products.values())
        assert ask() == usual
    packed.write_bytes(data)
    home.do("ingest", **source)
    home.do("reindex")
    assert not differences(home.state(), before)
