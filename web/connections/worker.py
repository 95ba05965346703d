"""The gunicorn worker: one thread for all connections, some for the app."""

import os
import socket
import time
from datetime import timedelta
from functools import partial
from typing import Any

from gunicorn.workers.base import Worker
from waitress.task import ThreadedTaskDispatcher

from web.connections.channel import Task
from web.connections.limits import Limits, possible_connections
from web.connections.polling import Polling
from web.connections.server import Server
from web.connections.shares import Shares

POLL_SECONDS = 0.25
IDLE_LINGER = 2.0  # seconds that a stopping worker keeps connections a request may be coming on


def worker_class(limits: Limits, shares: Shares) -> type[Worker]:
    """The worker class with these limits, for gunicorn to start."""

    class BufferingWorker(Worker):
        """Answers requests that have arrived completely, in ``threads`` threads.

        Attributes:
            place: its place in the shares.
        """

        place: int

        def run(self) -> None:
            """Serve until told to stop, then until all that has come is answered."""
            serve(self, limits, shares, self.place)

    return BufferingWorker


def serve(worker: Worker, limits: Limits, shares: Shares, place: int) -> None:
    """Serve the connections of a worker's listening sockets, as long as it is alive."""
    threads = ThreadedTaskDispatcher()
    threads.set_thread_count(worker.cfg.threads)
    polling = Polling()
    limits = limits.within(possible_connections())

    def log_access(task: Task, environ: dict[str, Any], took: timedelta) -> None:
        worker.log.access(task, task.request, environ, took)

    listeners = [socket.socket(fileno=os.dup(one.fileno())) for one in worker.sockets]
    servers = [Server(worker.wsgi, one, threads, limits, polling, log_access) for one in listeners]
    for server in servers:
        server.report_share = partial(report_share, servers, shares, place)
        server.is_above_share = partial(shares.is_above, place)
    while worker.alive and worker.ppid == os.getppid():
        turn(worker, servers, polling)
    shares.leave(place)
    stop(worker, servers, polling)
    threads.shutdown(timeout=1)
    polling.close()


def report_share(servers: list[Server], shares: Shares, place: int) -> None:
    """Tell the other processes how many connections this one holds."""
    shares.set(place, sum(len(server.active_channels) for server in servers))


def stop(worker: Worker, servers: list[Server], polling: Polling) -> None:
    """Take no new connections, and go on until all requests that have come are answered."""
    begun = time.monotonic()
    for server in servers:
        server.close_listener()
    while (waited := time.monotonic() - begun) < worker.cfg.graceful_timeout:
        if not any(server.busy() for server in servers) and (
            waited > IDLE_LINGER or not any(server.channels() for server in servers)
        ):
            break
        turn(worker, servers, polling)


def turn(worker: Worker, servers: list[Server], polling: Polling) -> None:
    """One round: handle what has happened, close what is overdue."""
    worker.notify()
    polling.turn(min([POLL_SECONDS, *(server.pause_seconds() for server in servers)]))
    for server in servers:
        server.tidy()
