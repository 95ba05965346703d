"""Latency of pages and API answers, in a warm process.

Run ``python -m tests.benchmarks.web_latency [HOME]`` on a home that was ingested and indexed. The
baseline is measured in the same run, so that a slow machine shows in both: an answer that uses
neither catalogue nor index (the photo-search form, or an unknown URL of the API). Where the CPU
time is far below the median, other programs were using the cores.
"""

import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from flask.testing import FlaskClient

from web import WebSettings, create_app
from web.app.context import EXTENSION, Shop
from web.server import tune_worker

PRODUCTS = 60
ROUNDS = 3
GOAL_MS = 20


def main(home: Path) -> int:
    """Measure, print a line for each kind of answer; 1 if a median is above the goal, else 0."""
    app = create_app(WebSettings(home=home))
    tune_worker()
    client, shop = app.test_client(), app.extensions[EXTENSION]
    ids = indexed(shop)
    page_baseline = median_ms(client, ["/search/photo"])
    api_baseline = median_ms(client, ["/api/v1/nothing"])
    kinds = {
        "product page": ([f"/products/{name}" for name in ids], page_baseline),
        "grid page": ([f"/?page={number}" for number in range(1, 11)], page_baseline),
        "API similar": ([f"/api/v1/products/{name}/similar" for name in ids], api_baseline),
        "API product": ([f"/api/v1/products/{name}" for name in ids], api_baseline),
        "API wishlist of 5": (
            [f"/api/v1/wishlist/similar?ids={','.join(ids[at : at + 5])}" for at in range(20)],
            api_baseline,
        ),
    }
    print(f"{shop.menu().products:,} products, generation {shop.recommender.generation}")
    print(f"{'answer':20} {'median ms':>10} {'p95 ms':>8} {'cpu ms':>8} {'x baseline':>12}")
    slowest = 0.0
    for name, (addresses, baseline) in kinds.items():
        busy = time.process_time()
        times = timings(client, addresses)
        busy = (time.process_time() - busy) * 1e3 / (len(addresses) * (ROUNDS + 1))
        middle = statistics.median(times)
        slowest = max(slowest, middle)
        worst = statistics.quantiles(times, n=20)[-1]
        print(f"{name:20} {middle:10.2f} {worst:8.2f} {busy:8.2f} {middle / baseline:12.1f}")
    print(f"goal: every median below {GOAL_MS} ms; slowest {slowest:.2f} ms")
    return int(slowest >= GOAL_MS)


def indexed(shop: Shop) -> list[str]:
    """Ids of products with photos, spread over the catalogue."""
    total = shop.menu().products
    pages = range(1, total + 1, max(1, total // (2 * PRODUCTS)))
    spread = [shop.catalogue.browse(page=number, per_page=1).products[0] for number in pages]
    return [product.product_id for product in spread if product.photos][:PRODUCTS]


def median_ms(client: FlaskClient, addresses: Sequence[str]) -> float:
    """The median of 50 answers."""
    return statistics.median(timings(client, list(addresses) * 50))


def timings(client: FlaskClient, addresses: Sequence[str]) -> list[float]:
    """Milliseconds of each answer, after one request to each URL to warm up."""
    for address in addresses:
        answer = client.get(address)
        if answer.status_code >= 400 and "nothing" not in address:
            text = answer.get_data(as_text=True)
            raise SystemExit(f"{address} answers {answer.status_code}: {text}")
    found = []
    for address in list(addresses) * ROUNDS:
        start = time.perf_counter()
        client.get(address).get_data()
        found.append((time.perf_counter() - start) * 1e3)
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else WebSettings().home))
