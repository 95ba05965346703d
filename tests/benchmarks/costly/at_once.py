"""A hundred of the costliest requests at once, beside honest ones.

Run ``python -m tests.benchmarks.costly.at_once HOME WORST.json``, with what
``python -m tests.benchmarks.costliest --out WORST.json`` found. A server is started on the home.
Honest clients ask for panels, product pages and the grid, first alone and then beside a hundred
clients that each repeat one of the costliest requests. Those wait as long as `Retry-After` says.
"""

import http.client
import json
import multiprocessing
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import psutil

from tests.losses.honest import memory
from tests.losses.load import Client, served, times

AT_ONCE = 100
SECONDS = 20.0
HONEST = 2
ADDRESSES = 50  # that the costly clients have together


def main(home: Path, found: Path) -> int:
    """Measure, print both."""
    worst = json.loads(found.read_text())[-AT_ONCE:]
    started: list[int] = []
    with served(home, started=started) as address:
        paths = honest_paths(address)
        with ExitStack() as stack:
            alone = [stack.enter_context(Client(address, paths, seed)) for seed in range(HONEST)]
            time.sleep(SECONDS / 2)
        print(f"load {psutil.getloadavg()[0]:.1f}; {memory(started[0]):.0f} MB")
        print("alone:", times([one for client in alone for one in client.answers[5:]]))
        results = multiprocessing.get_context("spawn").Queue()
        sender = multiprocessing.get_context("spawn").Process(
            target=send_all, args=(address, worst, results)
        )
        sender.start()
        time.sleep(3)
        with ExitStack() as stack:
            beside = [stack.enter_context(Client(address, paths, seed)) for seed in range(HONEST)]
            time.sleep(SECONDS)
        peak = memory(started[0])
        print(f"costly: {results.get()}; load {psutil.getloadavg()[0]:.1f}; {peak:.0f} MB")
        sender.join()
    answers = [one for client in beside for one in client.answers]
    failures = [one for client in beside for one in client.failures]
    print("beside:", times(answers), dict(Counter(one.status for one in answers)), failures[:3])
    return int(bool(failures))


def honest_paths(address: tuple[str, int]) -> list[str]:
    """What honest clients ask for."""
    connection = http.client.HTTPConnection(*address, timeout=60)
    connection.request("GET", "/api/v1/products?per_page=20")
    ids = [one["product_id"] for one in json.loads(connection.getresponse().read())["products"]]
    connection.close()
    panels = [f"/api/v1/products/{one}/similar" for one in ids]
    return [*panels, *(f"/products/{one}" for one in ids[:5]), "/", "/healthz"]


def send_all(
    address: tuple[str, int], worst: list[tuple[str, str, object]], results: "multiprocessing.Queue"
) -> None:
    """Send each of the requests again and again, all at once; runs in a process of its own."""
    until, statuses, slowest = time.monotonic() + SECONDS + 4, Counter[int](), [0.0]

    def repeat(number: int, method: str, url: str, body: object) -> None:
        source = (f"127.2.{number % ADDRESSES}.1", 0)
        while (left := until - time.monotonic()) > 0:
            connection = http.client.HTTPConnection(*address, timeout=60, source_address=source)
            begun = time.monotonic()
            data = None if body is None else json.dumps(body)
            connection.request(method, url, data, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            connection.close()
            statuses[response.status] += 1
            slowest[0] = max(slowest[0], time.monotonic() - begun)
            time.sleep(min(left, float(response.headers.get("Retry-After", 0))))

    threads = [
        threading.Thread(target=repeat, args=(number, *one)) for number, one in enumerate(worst)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(f"{len(worst)} at once, answers {dict(statuses)}, slowest {slowest[0]:.1f} s")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
