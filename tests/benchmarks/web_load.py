"""Similar items under load: answers a second of `lookalike serve`, beside a plain Flask route.

Run ``python -m tests.benchmarks.web_load [HOME] [--clients 4] [--seconds 5]``. Clients are
processes that keep one connection each and ask for the next product as soon as they have an answer.
"Hot" is 500 products (``--hot``) that all clients have asked for before; of "cold" questions none
has been asked before. The named alternative is a Flask route that sends a fixed text as long as an
answer, by the same server with as many processes.
"""

import argparse
import itertools
import multiprocessing
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
from flask import Flask

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from tests.benchmarks._table import Case, Row
from web import server
from web.app.settings import WebSettings

PATIENCE = 300  # seconds that a busy machine may take to start a server, or to answer
LEAST = 2  # answers to each client, however long they take
STARTING = 3  # seconds in which all processes of a server are ready
PLAIN = "/plain"
LENGTH = 8_000  # bytes of a panel of 12 products


class Round(NamedTuple):
    """The milliseconds of each answer, and the seconds that they took together."""

    times: list[float]
    seconds: float


class Load(NamedTuple):
    """Answers a second, their milliseconds, CPU ms each, and the connections of each process."""

    title: str
    rate: float
    p50: float
    p99: float
    cpu: float
    held: list[int]


class PlainServer(server.Server):
    """Our server with an app of one route."""

    def load(self):
        app = Flask("plain")
        text = "x" * LENGTH
        app.add_url_rule(PLAIN, "plain", lambda: text)
        return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", nargs="?", type=Path, default=WebSettings().home)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--hot", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plain", type=int, help=argparse.SUPPRESS)  # a port to serve on
    args = parser.parse_args()
    if args.plain:
        settings = WebSettings(home=args.home, port=args.plain, web_workers=args.workers)
        PlainServer(settings, server.options(settings)).run()
    found = measured(args)
    load = os.getloadavg()[0]
    print(f"{args.workers} workers, {args.clients} clients, load {load:.1f}")
    print(f"{'':<22}{'answers/s':>10}{'p50 ms':>8}{'p99 ms':>8}{'CPU ms':>8}  connections")
    for one in found:
        line = f"{one.rate:>10.0f}{one.p50:>8.2f}{one.p99:>8.2f}{one.cpu:>8.2f}"
        print(f"{one.title:<22}{line}  {one.held}", flush=True)


def compared(case: Case) -> Iterator[Row]:
    """Answers a second beside a plain Flask route, for `make bench`."""
    options = {"hot": case.of(4, 200, 500), "seconds": case.of(1, 5, 15)}
    given = {"home": case.home, "clients": case.of(1, 4, 4), "workers": case.of(1, 2, 2)}
    plain, *ours = measured(argparse.Namespace(**given, **options))
    for one in ours:
        yield Row(f"{one.title}, answers/s", one.rate, plain.title, plain.rate)
        yield Row(f"{one.title}, p99 in ms", one.p99, plain.title, plain.p99, False)


def measured(args: argparse.Namespace) -> Iterator[Load]:
    """Measure the plain route, then cold and hot questions."""
    ids = products(args.home)
    with serving(["-m", "tests.benchmarks.web_load", str(args.home)], "--plain", args) as plain:
        repeated = itertools.repeat(PLAIN)
        yield measure("plain Flask route", plain, args, lambda number: repeated, 20)
    with serving(["-m", "web.cli", "serve"], "--port", args) as ours:
        cold = "similar items, cold"
        yield measure(cold, ours, args, lambda number: questions(ids, number, True), 20)
        hot = ids[: args.hot]
        title = "similar items, hot"
        yield measure(title, ours, args, lambda number: questions(hot, number), len(hot))


def products(home: Path) -> list[str]:
    with Database.open(CatalogSettings(home=home)) as db:
        pages = (Catalogue(db).browse(page=number, per_page=200) for number in range(1, 21))
        found = [one.product_id for page in pages for one in page.products if one.photos]
    return list(dict.fromkeys(found))


def questions(ids: list[str], number: int, new: bool = False):
    order = random.Random(number).sample(ids, len(ids))
    for turn in itertools.count():
        # Excluding a product that does not exist changes nothing but the question.
        more = f"?exclude=none-{number}-{turn}" if new else ""
        yield from (f"/api/v1/products/{one}/similar{more}" for one in order)


@contextmanager
def serving(command: list[str], option: str, args: argparse.Namespace):
    """Start a server; yields its process and port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    given = {"HOME": args.home, "WEB_WORKERS": args.workers}
    environment = os.environ | {f"LOOKALIKE_{name}": str(value) for name, value in given.items()}
    command = [sys.executable, *command, option, str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    raise SystemExit(f"{command} does not listen") from None
                time.sleep(0.1)
        time.sleep(STARTING)
        yield process, port
    finally:
        process.terminate()
        process.wait(30)


def measure(title: str, running, args: argparse.Namespace, addresses: Callable, first: int) -> Load:
    """Measure; each client asks for the ``first`` addresses before the time begins."""
    process, port = running
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    begin = context.Barrier(args.clients + 1)
    clients = [
        context.Process(
            target=client, args=(port, addresses(number), first, args.seconds, begin, results)
        )
        for number in range(args.clients)
    ]
    for one in clients:
        one.start()
    begin.wait()
    workers = psutil.Process(process.pid).children()
    held = [
        sum(
            one.laddr.port == port and one.status == psutil.CONN_ESTABLISHED
            for one in worker.net_connections()
        )
        for worker in workers
    ]
    busy = cpu_seconds(workers)
    rounds = [results.get() for _ in clients]
    busy = cpu_seconds(workers) - busy
    for one in clients:
        one.join()
    times = [each for one in rounds for each in one.times]
    rate = sum(len(one.times) / one.seconds for one in rounds)
    cuts = statistics.quantiles(times, n=100)
    return Load(title, rate, cuts[49], cuts[98], 1e3 * busy / len(times), held)


def cpu_seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in processes)


def client(port: int, addresses, first: int, seconds: float, begin, results) -> None:
    """Ask for one address after the other over one connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        for _ in range(first):
            ask(connection, next(addresses))
        begin.wait()
        started, times = time.perf_counter(), []
        while (now := time.perf_counter()) - started < seconds or len(times) < LEAST:
            ask(connection, next(addresses))
            times.append((time.perf_counter() - now) * 1e3)
        results.put(Round(times, time.perf_counter() - started))


def ask(connection: socket.socket, address: str) -> None:
    connection.sendall(f"GET {address} HTTP/1.1\r\nHost: shop\r\n\r\n".encode())
    received = connection.recv(65_536)
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += connection.recv(65_536)
    head = received[:end].lower()
    if not head.startswith(b"http/1.1 200"):
        raise SystemExit(f"{address}: {received[:300]!r}")
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    missing = length - (len(received) - end - 4)
    while missing > 0:
        missing -= len(connection.recv(65_536))


if __name__ == "__main__":
    main()
