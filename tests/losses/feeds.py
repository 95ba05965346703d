"""A small feed and its next version."""

import csv
from pathlib import Path

import numpy as np

from tests.catalog.fetching.photo_server import PhotoServer, content
from tests.engine.shop import draw_photo, draw_source
from tests.losses.running import Home

PRODUCTS = 18


def draw(folder: Path, products: int = PRODUCTS) -> Path:
    """Writes a feed of a few products with photos; returns its file."""
    draw_source(folder, products)
    return folder / "catalogue.csv"


def read(feed: Path) -> list[dict[str, str]]:
    """The rows of a feed."""
    with feed.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write(feed: Path, rows: list[dict[str, str]]) -> None:
    """Writes the rows of a feed."""
    with feed.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def change(feed: Path) -> None:
    """Changes titles and photos, breaks a row, adds rows and removes rows."""
    rows = read(feed)
    random = np.random.default_rng(7)
    for number, row in enumerate(rows):
        if number % 3 == 0:
            row["title"] += " again"
        if number % 5 == 1:
            photo = row["photos"].split(";")[0]
            if "://" in photo:
                continue
            draw_photo(random, (200, 200, 30)).save(feed.parent / photo)
    rows[8]["title"] = ""
    new = []
    for number in range(6):
        name = f"photos/new{number}.png"
        draw_photo(random, (90, 30, 160)).save(feed.parent / name)
        new.append(rows[number] | {"id": f"n{number}", "photos": name, "group_id": ""})
    write(feed, rows[:4] + new[:3] + rows[7:] + new[3:])


def at_addresses(feed: Path, server: PhotoServer) -> None:
    """Replaces every other product's photos by addresses of a server, which serves the folder."""
    folder = feed.parent
    server.otherwise = lambda path: content((folder / path[1:]).read_bytes())
    rows = read(feed)
    for row in rows[::2]:
        photos = row["photos"].split(";")
        row["photos"] = ";".join(p if "://" in p else server.address(f"/{p}") for p in photos)
    write(feed, rows)


def watch_then_change(home: Home, folder: Path, server: PhotoServer) -> dict[str, str]:
    """Watches a new feed on a home, then changes the feed; returns the argument of its commands."""
    feed = draw(folder)
    at_addresses(feed, server)
    source = {"source": str(feed)}
    home.do("watch", **source)
    change(feed)
    at_addresses(feed, server)
    return source
