"""Searches for the costliest request that the API's document allows.

Run ``python -m tests.benchmarks.costliest [HOME] [--tries 10000]`` on a home that was ingested and
indexed. Requests are drawn from the OpenAPI document with the shop's own values; the costliest so
far are changed again and again. Costs are CPU time, with that of the processes that decode photos,
and how far the process's memory rose, so that they hardly depend on what else runs. Every answer
must be one that the document names, and no server error but 503.
"""

import argparse
import heapq
import json
import random
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil
from flask import Flask

from catalog.recent import Recent
from tests.benchmarks.costly.drawn import DOCUMENT, Call, Draws, Words
from web import WebSettings, create_app
from web.app.context import EXTENSION, Shop
from web.server import tune_worker

TRIES = 300
KEPT = 100
FRESH = 0.3  # share of requests that are not changed from costly ones
PHOTOS = 0.05  # share of searches by photo, most of whose cost is that of the photo


class Cost(NamedTuple):
    """What one request took: CPU seconds, megabytes above what was in use, and its status."""

    seconds: float
    megabytes: float
    status: int


def main(home: Path, tries: int, seed: int = 0, out: Path | None = None) -> int:
    """Search, and print the costliest requests; 1 if one ended in a server error."""
    app = create_app(WebSettings(home=home, event_days=0, rate_limit=None))
    app.extensions[EXTENSION].recent_panels = Recent(0)  # every request is answered anew
    tune_worker()
    chance = random.Random(seed)
    draws = Draws(app.test_client().get(DOCUMENT).get_json(), words_of(app), chance)
    warm_up(app, draws)
    begun, costs, failed = time.perf_counter(), Counter[int](), []
    worst = {False: Worst(chance), True: Worst(chance)}  # by whether they are searches by photo
    with suppress(KeyboardInterrupt):  # Ctrl-C shows what was found so far
        for number in range(tries):
            kind = chance.random() < PHOTOS
            call = worst[kind].like(draws) or draws.call(photo=kind)
            cost = measured(app, call)
            costs[cost.status] += 1
            worst[kind].put(number, cost, call)
            if cost.status >= 500 and cost.status != 503:
                failed.append(call)
            if number % 500 == 499:
                seconds, _, cost, call = max(worst[False].kept)
                print(f"{number + 1:6} tries, worst {seconds:.3f} s: {call.shape()}", flush=True)
    took, by_status = time.perf_counter() - begun, dict(sorted(costs.items()))
    print(f"{sum(costs.values())} tries in {took:.0f} s; answers by status: {by_status}")
    for title, kind in (("by photo", True), ("of all others", False)):
        print(f"{title}: at most {worst[kind].megabytes:.0f} MB; the costliest, of CPU:")
        for seconds, _, cost, call in sorted(worst[kind].kept, reverse=True)[:10]:
            again = min(measured(app, call).seconds for _ in range(3))
            taken = f"{seconds:.3f} s, {again:.3f} s at best of three more"
            print(f"  {taken}, {cost.megabytes:.0f} MB, {cost.status}: {call.shape()}")
    for call in failed:
        print("failed:", call.url, call.options())
    if out is not None:
        calls = [
            (call.method, call.url, call.options().get("json")) for *_, call in worst[False].kept
        ]
        out.write_text(json.dumps(calls))
    return int(bool(failed))


class Worst:
    """The costliest requests so far."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.kept: list[tuple[float, int, Cost, Call]] = []
        self.megabytes = 0.0

    def like(self, draws: Draws) -> Call | None:
        """A request like one of them; None: draw any other."""
        if not self.kept or self.chance.random() < FRESH:
            return None
        return draws.like(self.chance.choice(self.kept)[3])

    def put(self, number: int, cost: Cost, call: Call) -> None:
        """Keep a request, if it is one of the costliest."""
        self.megabytes = max(self.megabytes, cost.megabytes)
        heapq.heappush(self.kept, (cost.seconds, number, cost, call))
        if len(self.kept) > KEPT:
            heapq.heappop(self.kept)


def warm_up(app: Flask, draws: Draws) -> None:
    """Load index and encoder, and start a process that decodes."""
    for photo in (False, True):
        for _ in range(20):
            draws.call(photo=photo).send(app.test_client())


def words_of(app: Flask) -> Words:
    """What the shop's products have."""
    shop: Shop = app.extensions[EXTENSION]
    products = [shop.catalogue.product(one) for one in shop.recommender.live().ids.tolist()[::7]]
    attributes: dict[str, set[str]] = {}
    for product in products:
        for name, value in product.attributes.items():
            attributes.setdefault(name, set()).add(value)
    values = {
        name: sorted({one for item in products if (one := getattr(item, name))})
        for name in ("brand", "gender", "age_group", "colour", "pattern")
    }
    values["category"] = [name for name, _ in shop.catalogue.categories()]
    values["availability"] = ["in_stock", "out_of_stock", "preorder", "backorder"]
    return Words(
        ids=shop.recommender.live().ids.tolist(),
        values=values,
        attributes={name: sorted(found) for name, found in attributes.items()},
        titles=sorted({word for item in products for word in item.title.split()}),
        facets=list(shop.recommender.live().layout.names),
    )


def measured(app: Flask, call: Call) -> Cost:
    """Send a request, and measure it."""
    process = psutil.Process()
    with suppress(OSError):  # where it is not allowed, memory is that of all requests so far
        Path("/proc/self/clear_refs").write_text("5")  # the peak of memory starts again
    before, busy = process.memory_info().rss, cpu_seconds(process)
    response = call.send(app.test_client())
    busy = cpu_seconds(process) - busy
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
    return Cost(busy, max(0, peak - before) / 1e6, response.status_code)


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of a process and of those that it started."""
    times = []
    for one in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # one that has ended since
            times.append(one.cpu_times())
    return time.process_time() + sum(one.user + one.system for one in times)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("home", type=Path, nargs="?", default=None)
    parser.add_argument("--tries", type=int, default=TRIES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="file of the costliest, for at_once")
    given = parser.parse_args()
    sys.exit(main(given.home or WebSettings().home, given.tries, given.seed, given.out))
