"""How fast a large feed is read into the catalogue, the first time and again unchanged.

Run ``python -m tests.benchmarks.ingest [ROWS] [--postgres [URL]]``. The feed is a generated Google
Merchant TSV without photos. Each ingest is a process of its own, so that its peak of resident
memory is its own too. On PostgreSQL a server is found or started as for the tests, and the database
is a new one that is dropped at the end; a URL names one to use, which must have no catalogue.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from catalog.database.database import Database
from catalog.ingest.run import ingest
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from tests.postgres import start

MAX_MB = 1_000
FASTER = 3.0  # that the second ingest must be

HEADER = (
    "id", "title", "description", "link", "price", "sale_price", "availability", "item_group_id",
    "gender", "age_group", "color", "size", "material", "pattern", "product_type",
    "google_product_category", "brand", "condition", "gtin",
)  # fmt: skip
COLOURS = ("black", "white", "navy", "rot", "sky blue", "olive", "beige", "pink", "multicolour")
TYPES = ("Tops > T-shirts", "Tops > Shirts", "Dresses", "Shoes > Sneakers", "Trousers > Jeans")
WORDS = ("soft", "light", "warm", "classic", "slim", "wide", "long", "short", "cropped", "washed")


def rows(count: int) -> Iterator[str]:
    """The lines of a feed, the same ones every time."""
    dice = random.Random(1)
    yield "\t".join(HEADER)
    for number in range(count):
        kind, colour, brand = (
            dice.choice(TYPES),
            dice.choice(COLOURS),
            f"Brand {dice.randint(1, 400)}",
        )
        words = " ".join(dice.choices(WORDS, k=3))
        price = dice.randint(500, 20_000)
        yield "\t".join(
            (
                f"SKU-{number:08}",
                f"{brand} {words} {kind.rpartition(' > ')[2].lower()} in {colour}",
                f"A {words} piece. " + " ".join(dice.choices(WORDS, k=12)) + ".",
                f"https://shop.example/p/{number:08}",
                f"{price / 100:.2f} EUR",
                f"{price // 125:.2f} EUR" if dice.random() < 0.2 else "",
                dice.choice(("in stock", "in stock", "in stock", "out of stock", "preorder")),
                f"G{number // 4:07}",
                dice.choice(("female", "male", "unisex")),
                dice.choice(("adult", "adult", "kids")),
                colour,
                dice.choice(("XS", "S", "M", "L", "XL", "38", "40", "42")),
                dice.choice(("cotton", "wool", "linen", "polyester")),
                dice.choice(("", "striped", "plain", "dotted")),
                kind,
                "Apparel & Accessories > Clothing",
                brand,
                "new",
                f"{4_000_000_000_000 + number}",
            )
        )


def write_feed(path: Path, count: int) -> None:
    """A feed of that many products."""
    with path.open("w", encoding="utf-8") as stream:
        for line in rows(count):
            stream.write(line + "\n")


def once(feed: Path) -> None:
    """Ingest, and print what it took: run in a process of its own."""
    settings = CatalogSettings()
    Database.migrate(settings)
    with Database.open(settings) as db:
        report = ingest(db, open_source(feed), settings=settings)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "inserted": report.inserted,
                "updated": report.updated,
                "unchanged": report.unchanged,
                "rejected": report.rejected,
                "seconds": report.seconds,
                "cpu": used.ru_utime + used.ru_stime,
                "peak_mb": used.ru_maxrss / 1024,
            }
        )
    )


def measure(kind: str, feed: Path, home: Path, count: int, url: str | None) -> bool:
    """Ingest twice, print one line each; whether all was as it must be."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith("LOOKALIKE_")}
    environment["LOOKALIKE_HOME"] = str(home)
    if url is not None:
        environment["LOOKALIKE_DATABASE_URL"] = url
    told = []
    for run in ("first", "again"):
        command = [sys.executable, "-m", __spec__.name, "--once", str(feed)]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
        told.append(json.loads(done.stdout))
        now = told[-1]
        print(
            f"{kind:10}  {run}: {now['seconds']:7.1f} s  {count / now['seconds']:9,.0f} rows/s"
            f"  (CPU {now['cpu']:.1f} s)  peak {now['peak_mb']:.0f} MB",
            flush=True,
        )
    first, again = told
    faster = first["seconds"] / again["seconds"]
    print(f"{kind:10}  again is {faster:.1f} times as fast", flush=True)
    assert (first["inserted"], again["unchanged"]) == (count, count), told
    return faster >= FASTER and all(run["peak_mb"] < MAX_MB for run in told)


def main(arguments: list[str]) -> int:
    """Measure what is asked for; fails above the bounds of memory and time."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ingest")
    parser.add_argument("rows", nargs="?", type=int, default=100_000)
    parser.add_argument("--postgres", nargs="?", const="", metavar="URL")
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.once is not None:
        once(asked.once)
        return 0
    with tempfile.TemporaryDirectory(prefix="lookalike-bench-") as scratch:
        feed, home = Path(scratch) / "feed.tsv", Path(scratch) / "home"
        write_feed(feed, asked.rows)
        print(f"{asked.rows:,} rows, {feed.stat().st_size / 1e6:,.0f} MB", flush=True)
        if asked.postgres is None:
            return 0 if measure("SQLite", feed, home, asked.rows, None) else 1
        if asked.postgres:
            return 0 if measure("PostgreSQL", feed, home, asked.rows, asked.postgres) else 1
        server = start()
        try:
            url = server.create()
            good = measure("PostgreSQL", feed, home, asked.rows, url)
            server.drop(url)
        finally:
            server.stop()
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
