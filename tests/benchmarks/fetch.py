"""Fetch many photos from a server that misbehaves in a tenth of all cases; each must be explained.

Run ``python -m tests.benchmarks.fetch [--photos 10000]``. The server, in a process of its own,
fails, stalls, redirects, lies or asks for patience for one address in ten, for some of them only
the first time. The named alternative is a plain loop of urllib over some of the addresses.
"""

import argparse
import contextlib
import io
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from PIL import Image

from catalog.database.database import Database
from catalog.fetching.download_status import failed_downloads
from catalog.fetching.run import fetch
from catalog.ingest.open_and_ingest import open_and_ingest
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from tests.catalog.fetching import photo_server as web

PHOTOS = 10_000
PLAIN, MIXED = 500, 140  # photos that the alternative fetches
SECONDS = 2.0  # that a photo may take
HEAD = '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
ITEM = (
    "<item><g:id>{0}</g:id><title>Photo {0}</title><link>http://shop.example/{0}</link>"
    "<g:image_link>{1}</g:image_link></item>"
)


def jpeg(number: int) -> bytes:
    """A small photo, unlike every other."""
    noise = random.Random(number)
    image = Image.frombytes("RGB", (8, 10), noise.randbytes(240)).resize((64, 80))
    stream = io.BytesIO()
    image.save(stream, "JPEG")
    return stream.getvalue()


def misbehaviour(number: int, port: int) -> web.Answer | None:
    """What the server does to an address, or None: it behaves. One in ten has something."""
    if number % 10:
        return None
    body = jpeg(number)
    kinds = [
        web.status(404),
        web.status(500),
        web.in_turn(web.status(503), web.content(body)),
        web.in_turn(web.status(429, Retry_After="1"), web.content(body)),
        web.stall(threading.Event()),
        web.drip(body, 0.1),
        web.redirect(f"/{number + 1}"),
        web.redirect("http://10.0.0.1/photo.jpg"),
        web.redirect(f"/{number}"),
        web.content(b"<html>Not here</html>", Content_Type="image/jpeg"),
        web.content(body[: len(body) // 2]),
        web.cut(body, 100),
        web.in_turn(web.hang_up(), web.content(body)),
        web.content(b""),
    ]
    return kinds[number // 10 % len(kinds)]


def serve(tell: Connection, photos: int) -> None:
    """The process of the server; it ends with its parent."""
    with web.serving() as server:
        known: dict[str, web.Answer] = {}

        def otherwise(path: str) -> web.Answer | None:
            if path not in known:
                number = int(path[1:])
                known[path] = misbehaviour(number, server.port) or web.content(jpeg(number))
            return known[path]

        items = "".join(
            ITEM.format(number, server.address(f"/{number}")) for number in range(photos)
        )
        feed = f"{HEAD}{items}</channel></rss>".encode()
        server.answers["/feed.xml"] = web.tagged(feed, '"1"')
        server.otherwise = otherwise
        tell.send(server.port)
        with contextlib.suppress(EOFError):
            tell.recv()


def main(photos: int) -> int:
    """Ingest, fetch, count, compare; fails if a photo is neither there nor explained."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(theirs, photos), daemon=True)
    process.start()
    port = ours.recv()
    with tempfile.TemporaryDirectory() as home:
        settings = CatalogSettings(
            home=Path(home), fetch_hosts=f"127.0.0.1:{port}", fetch_seconds=SECONDS
        )
        Database.migrate(settings)
        with Database.open(settings) as db:
            missing = measure(db, settings, port, photos)
    process.terminate()
    return int(missing != 0)


def measure(db: Database, settings: CatalogSettings, port: int, photos: int) -> int:
    """Print what happened; how many photos are neither there nor explained."""
    address = f"http://127.0.0.1:{port}/feed.xml"
    read = open_and_ingest(db, address, sync=True, settings=settings)
    print(f"feed: {read.inserted:,} products, {read.photos_waiting:,} photos wait")
    again = open_and_ingest(db, address, sync=True, settings=settings)
    print(f"feed again: not modified: {again.not_modified}, in {again.seconds * 1e3:.0f} ms")
    busy = os.times()
    report = fetch(db, settings)
    now = os.times()
    spent = now.user + now.system - busy.user - busy.system
    asked = report.fetched + report.failed
    print(
        f"fetch: {report.fetched:,} fetched, {report.failed:,} failed, in {report.seconds:.1f} s: "
        f"{asked / report.seconds:,.0f} photos/s, {spent * 1e3 / asked:.2f} ms CPU each"
    )
    for code, count in report.by_code.items():
        print(f"  {code:14} {count:6,}")
    shown = Catalogue(db).counts()["photos"]
    with db.read() as connection:
        told = Counter(one.code for one in failed_downloads(connection))
    missing = photos - shown - told.total()
    print(f"shown {shown:,}, explained {told.total():,}, neither {missing:,}")
    behaving = [number for number in range(photos) if number % 10][:PLAIN]
    for what, numbers in (("that behave", behaving), ("of all kinds", range(MIXED))):
        got, seconds = plainly(port, numbers, settings.resolved_home / "plain.jpg")
        print(
            f"plain urllib loop, {len(numbers)} {what}: {got} fetched, "
            f"{len(numbers) / seconds:,.0f} photos/s"
        )
    return missing


def plainly(port: int, numbers: Sequence[int], target: Path) -> tuple[int, float]:
    """What the alternative fetches, one after the other, and in how many seconds."""
    started, got = time.monotonic(), 0
    for number in numbers:
        address = f"http://127.0.0.1:{port}/{number}"
        with contextlib.suppress(Exception):
            with urllib.request.urlopen(address, timeout=SECONDS) as answer:
                target.write_bytes(answer.read())
            Image.open(target).load()
            got += 1
    return got, time.monotonic() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=PHOTOS)
    sys.exit(main(parser.parse_args().photos))
