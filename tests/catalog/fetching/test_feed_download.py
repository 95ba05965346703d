"""A feed at an address is taken whole or not at all, and costs nothing while it is the same."""

import gzip
import json
import os
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from catalog.errors import SourceError
from catalog.fetching import feed_download
from catalog.fetching.addresses import AllowedHosts, SafeResolver, parse_address
from catalog.ingest.open_and_ingest import open_and_ingest
from catalog.products.catalogue import Catalogue
from tests.catalog.fetching import photo_server as web
from tests.catalog.fetching.conftest import photo

HEAD = '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
ITEM = (
    "<item><g:id>{id}</g:id><title>T{id}</title><link>http://shop.example/{id}</link>"
    "<g:image_link>{photo}</g:image_link><g:price>10 EUR</g:price>{more}</item>"
)
TAIL = "</channel></rss>"


def google(*ids, photo="http://shop.example/a.jpg", more="") -> bytes:
    items = "".join(ITEM.format(id=one, photo=photo, more=more) for one in ids)
    return f"{HEAD}{items}{TAIL}".encode()


@pytest.fixture
def take(db, settings):
    def take(where, **options):
        return open_and_ingest(db, where, settings=options.pop("settings", settings), **options)

    return take


def test_a_feed_is_named_by_its_address(take, server, db, settings):
    server.answers["/feeds/google.xml"] = web.content(google("1", "2"))
    opened = []
    report = take(server.address("/feeds/google.xml?token=secret"), on_opened=opened.append)
    assert report.source == f"127.0.0.1:{server.port}/feeds/google.xml"
    assert (report.inserted, report.photos_waiting, report.format) == (2, 2, "google-xml")
    assert "secret" not in opened[0].describe()
    assert f"from http://127.0.0.1:{server.port}/feeds/google.xml?…" in opened[0].describe()
    assert Catalogue(db).product("2").title == "T2"
    assert list((settings.resolved_home / "feeds").iterdir()) == []  # nothing is left


def test_formats_are_found_by_content(take, server):
    tables = {
        "/csv": (b"id,title\n1,One\n", "csv"),
        "/feed.xml.gz": (gzip.compress(google("1")), "google-xml"),
        "/download": (gzip.compress(google("1")), "google-xml"),
        "/products.json": (json.dumps({"products": []}).encode(), "shopify-json"),
        "/p.jsonl": (b'{"id": "1", "title": "One"}\n', "jsonl"),
    }
    for path, (body, format) in tables.items():
        server.answers[path] = web.content(body, Content_Type="application/octet-stream")
        options = {"format": "csv"} if path == "/csv" else {}
        assert take(server.address(path), **options).format == format


def test_a_compressed_response_is_decompressed_once(take, server):
    server.answers["/f.xml"] = web.content(gzip.compress(google("1")), Content_Encoding="gzip")
    assert take(server.address("/f.xml")).inserted == 1


def test_relative_photo_paths_of_a_downloaded_feed_lead_nowhere(take, server, settings, make_photo):
    make_photo(settings.resolved_home / "feeds" / "a.jpg")
    server.answers["/f.csv"] = web.content(b"id,title,photos\n1,One,../a.jpg\n2,Two,a.jpg\n")
    assert take(server.address("/f.csv")).photos_rejected == 2


def test_an_unchanged_feed_costs_nothing(take, server, db):
    server.answers["/f.xml"] = web.tagged(google("1"), '"v1"')
    address = server.address("/f.xml")
    assert take(address).inserted == 1
    mark, (source,) = Catalogue(db).watermark(), Catalogue(db).sources()
    again = take(address)
    assert again.not_modified and again.format == "google-xml"
    assert (again.inserted, again.unchanged, again.retired) == (0, 0, 0)
    assert Catalogue(db).watermark() == mark
    assert Catalogue(db).sources()[0].completed_at > source.completed_at
    server.answers["/f.xml"] = web.tagged(google("1", "2"), '"v2"')
    assert take(address).inserted == 1
    assert take(address).not_modified


def test_it_is_read_again_when_the_result_may_differ(take, server, settings, tmp_path, monkeypatch):
    server.answers["/f.csv"] = web.tagged(b"id,title,colour\n1,One,azure\n", '"v1"')
    address = server.address("/f.csv")
    take(address)
    assert take(address).not_modified
    assert not take(address, sync=True).not_modified
    assert not take(address, columns={"title": "colour"}).not_modified
    assert not take(address, name="other").not_modified
    (tmp_path / "words.toml").write_text('[colours]\nblue = ["azure"]\n')
    some = settings.model_copy(update={"words": tmp_path / "words.toml"})
    monkeypatch.setenv("LOOKALIKE_WORDS", str(tmp_path / "words.toml"))
    take(address)
    assert not take(address, settings=some).not_modified
    assert take(address, settings=some).not_modified


def test_an_unchanged_feed_is_read_again_when_a_sale_begins(take, server, db, monkeypatch):
    soon = datetime.now(UTC) + timedelta(hours=1)
    window = f"{soon:%Y-%m-%dT%H:%M%z}/{soon + timedelta(days=2):%Y-%m-%dT%H:%M%z}"
    more = (
        "<g:sale_price>5 EUR</g:sale_price>"
        f"<g:sale_price_effective_date>{window}</g:sale_price_effective_date>"
    )
    server.answers["/f.xml"] = web.tagged(google("1", more=more), '"v1"')
    address = server.address("/f.xml")
    take(address)
    assert take(address).not_modified
    with db.write() as connection, connection.begin():  # an hour passes
        connection.execute(
            text("UPDATE feeds SET fresh_until = :now"),
            {"now": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"},
        )
    assert not take(address).not_modified


@pytest.mark.parametrize("kind", ["length", "chunks", "gzip"])
def test_a_feed_that_is_cut_off_changes_and_retires_nothing(take, server, db, kind):
    address = server.address("/f.xml")
    server.answers["/f.xml"] = web.tagged(google("1", "2"), '"v1"')
    take(address, sync=True)
    mark = Catalogue(db).watermark()

    def chunks(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        body = google("1")
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))  # whole, but for the last chunk
        handler.close_connection = True

    whole = google("1", "2")
    server.answers["/f.xml"] = {
        "length": web.cut(whole, whole.index(b"<item>", 200)),
        "chunks": chunks,
        "gzip": web.content(gzip.compress(whole)[:-20], Content_Encoding="gzip"),
    }[kind]
    with pytest.raises(SourceError, match="Nothing was changed"):
        take(address, sync=True)
    assert Catalogue(db).watermark() == mark and Catalogue(db).counts()["retired"] == 0
    server.answers["/f.xml"] = web.tagged(google("1", "2"), '"v1"')
    assert take(address, sync=True).not_modified  # as it was


def test_a_failed_ingest_does_not_count_as_the_last(take, server, db):
    address = server.address("/f.xml")
    server.answers["/f.xml"] = web.tagged(google("1", "2"), '"v1"')
    take(address)
    server.answers["/f.xml"] = web.tagged(google("1")[:-30] + b"</oops>", '"v2"')
    with pytest.raises(SourceError, match="cannot be read to its end"):
        take(address)
    server.answers["/f.xml"] = web.tagged(google("1", "2"), '"v1"')
    assert not take(address).not_modified  # who knows what the half one left
    assert take(address).not_modified


def test_feeds_that_are_too_large_slow_or_missing(take, server, settings):
    server.answers |= {
        "/large": web.content(b"id,title\n" * 1_000),
        "/slow": web.drip(b"id,title\n" * 1_000, 0.02),
    }
    small = settings.model_copy(update={"max_feed_bytes": 5_000})
    with pytest.raises(SourceError, match="LOOKALIKE_MAX_FEED_BYTES"):
        take(server.address("/large"), settings=small)
    with pytest.raises(SourceError, match="in time"):
        take(server.address("/slow"), settings=settings.model_copy(update={"feed_seconds": 0.3}))
    with pytest.raises(SourceError, match="answers 404"):
        take(server.address("/gone"))
    with pytest.raises(SourceError, match="only http and https"):
        take("ftp://127.0.0.1/feed.csv")
    with pytest.raises(SourceError, match="user name or password"):
        take("http://me:secret@127.0.0.1/feed.csv")
    with pytest.raises(SourceError, match="not a public address"):
        take(server.address("/large"), resolver=SafeResolver(AllowedHosts()))
    assert list((settings.resolved_home / "feeds").iterdir()) == []


def test_downloads_of_killed_processes_are_removed(take, server, settings):
    folder = settings.resolved_home / "feeds"
    for name in ("old", "young"):
        (folder / f"{feed_download.DRAFT_PREFIX}{name}").mkdir(parents=True)
        (folder / f"{feed_download.DRAFT_PREFIX}{name}" / "feed.xml").touch()
    day_ago = time.time() - 86_400
    os.utime(folder / f"{feed_download.DRAFT_PREFIX}old", (day_ago, day_ago))
    server.answers["/f.xml"] = web.content(google("1"))
    take(server.address("/f.xml"))
    assert [path.name for path in folder.iterdir()] == [f"{feed_download.DRAFT_PREFIX}young"]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://shop.example/feed.xml?token=1", "shop.example/feed.xml"),
        ("http://shop.example:8080/", "shop.example:8080"),
        ("https://SHOP.example/a/b/", "shop.example/a/b"),
    ],
)
def test_names(address, name):
    assert feed_download.feed_name(parse_address(address)) == name


def test_a_feed_and_then_its_photos(take, server, db, settings):
    from catalog.fetching.run import fetch

    server.answers |= {
        "/f.xml": web.content(google("1", photo=server.address("/p.jpg"))),
        "/p.jpg": web.content(photo()),
    }
    take(server.address("/f.xml"))
    assert fetch(db, settings).fetched == 1
    assert len(Catalogue(db).product("1").photos) == 1
