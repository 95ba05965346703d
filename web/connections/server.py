"""The server's side of all connections of one process."""

import logging
import math
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from web.connections.channel import UNSENT_BYTES, Channel, Task
from web.connections.limits import Limits
from web.connections.polling import Polling
from web.connections.refusals import TOO_MANY, Refusal
from web.connections.shares import YIELD_SECONDS

ACCEPT_AT_ONCE = 64
TIDY_SECONDS = 1.0
MAX_HEADERS = 65_536  # bytes
IN_MEMORY = 131_072  # bytes of a request's or response's body; larger ones are in temporary files
logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a line for each request that waits

WsgiApp = Callable[..., Iterable[bytes]]
AccessLog = Callable[[Task, dict[str, Any], timedelta], None]


class Server(TcpWSGIServer):
    """Listens on one socket. All its methods run in one thread, except `log_access`."""

    channel_class = Channel

    def __init__(
        self,
        app: WsgiApp,
        listener: socket.socket,
        threads: ThreadedTaskDispatcher,
        limits: Limits,
        polling: Polling,
        access_log: AccessLog | None = None,
    ) -> None:
        self.limits = limits
        self.polling = polling
        self.stopping = False
        self.access_log = access_log
        self.next_tidy = 0.0
        self.clients: Counter[str] = Counter()  # open connections of each client
        self.report_share: Callable[[], None] = lambda: None  # tells other processes how many
        self.is_above_share: Callable[[], bool] = lambda: False  # more than another process
        self.yields_until = 0.0
        info = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(
            app, polling.map, True, listener, threads, adjustments(limits), info, bind_socket=False
        )

    def log_access(self, task: Task, environ: dict[str, Any], took: timedelta) -> None:
        """Write a line into the access log, if there is one."""
        if self.access_log is not None:
            self.access_log(task, environ, took)

    def add_task(self, task: Channel) -> None:
        """Let a thread answer a connection's next request, unless the client reads no responses.

        Otherwise a client could send hundreds of requests at once and read nothing, until the
        thread waits for it. Runs in a thread of the app, too.
        """
        if task.total_outbufs_len > UNSENT_BYTES:
            task.postponed = True
        else:
            super().add_task(task)

    def channels(self) -> list[Channel]:
        """The open connections."""
        return list(self.active_channels.values())

    def readable(self) -> bool:
        """Whether to accept connections now."""
        return not self.pause_seconds(0.0) and bool(super().readable())

    def pause_seconds(self, otherwise: float = math.inf) -> float:
        """Seconds for which new connections are left to other processes still."""
        left = self.yields_until - time.monotonic()
        return left if left > 0 else otherwise

    def yields(self) -> bool:
        """Whether to leave what waits to a process that holds fewer connections, for a moment.

        What still waits after that moment is accepted.
        """
        now = time.monotonic()
        if now < self.yields_until + YIELD_SECONDS or not self.is_above_share():
            return False
        self.yields_until = now + YIELD_SECONDS
        return True

    def handle_accept(self) -> None:
        """Accept what waits, and close other connections if there are too many.

        The one that is closed has waited longest for its client, and belongs to the client with
        most connections: a client that holds many only displaces its own.
        """
        for _ in range(ACCEPT_AT_ONCE):
            if self.yields():
                break
            known = len(self.active_channels)
            super().handle_accept()
            if len(self.active_channels) == known:
                break
            self.yields_until = 0.0
            new = next(reversed(self.active_channels.values()))
            limit = self.limits.per_address
            if limit is not None and self.clients[new.client] > limit:
                self.displace([one for one in self.channels() if one.client == new.client], new)
            elif len(self.active_channels) > self.limits.connections:
                self.displace(self.channels(), new)

    def displace(self, channels: list[Channel], new: Channel) -> None:
        """Close the one of these that has waited longest; the new one if none waits."""
        waiting = [one for one in channels if one is not new and one.waits_for_client]
        waiting.sort(key=lambda one: (-self.clients[one.client], one.since))
        (waiting[0] if waiting else new).handle_close()

    def make_room_for_body(self, new: Channel) -> None:
        """Keep the bodies that are being received within their limit.

        As with connections, the client with most bytes loses its oldest body.
        """
        sizes = {one: one.body_bytes() for one in self.channels()}
        over = sum(sizes.values()) - self.limits.all_bodies
        if over <= 0:
            return
        of_client: Counter[str] = Counter()
        for one, size in sizes.items():
            of_client[one.client] += size
        waiting = [one for one, size in sizes.items() if size and one.waits_for_client]
        waiting.sort(key=lambda one: (-of_client[one.client], one.since))
        for one in waiting:
            if over <= 0:
                break
            over -= sizes[one]
            one.refuse(Refusal(503, TOO_MANY))

    def maintenance(self, now: float) -> None:
        """Replaced by `tidy`, which does not depend on the wall clock."""

    def tidy(self) -> None:
        """End the connections whose clients have had their time."""
        now = time.monotonic()
        if now < self.next_tidy:
            return
        self.next_tidy = now + TIDY_SECONDS
        for channel in self.channels():
            if channel.overdue(now, self.limits):
                channel.end()
        self.polling.recheck()

    def close_listener(self) -> None:
        """Take no new connections; requests that have come are still answered."""
        self.stopping = True
        self.accepting = False
        self.del_channel()
        self.socket.close()

    def busy(self) -> bool:
        """Whether a request is being answered, or a response sent."""
        return any(one.requests or one.total_outbufs_len for one in self.channels())


def adjustments(limits: Limits) -> Adjustments:
    """Waitress's settings: our limits instead of its own, and no header is trusted."""
    return Adjustments(
        connection_limit=10 * limits.connections,
        max_request_header_size=MAX_HEADERS,
        max_request_body_size=limits.body_bytes + 1,
        inbuf_overflow=IN_MEMORY,
        outbuf_overflow=IN_MEMORY,
        clear_untrusted_proxy_headers=False,  # the app believes them only if told to
        ident=None,
        log_socket_errors=False,
        channel_request_lookahead=0,
    )
