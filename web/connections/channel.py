"""One connection of a client: what it waits for, since when, and until when it may."""

import socket
import time
from contextlib import suppress
from datetime import timedelta

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask
from waitress.wasyncore import dispatcher

from web.app.limits.rate_counter import client_of
from web.app.responses.later import BEGUN, CAN_WAIT, WORK, AnswerLater
from web.connections.limits import Limits
from web.connections.parser import RequestParser
from web.connections.refusals import TOO_SLOW, Refusal, RefusalTask

LINGER_SECONDS = 2.0  # what a refused client still sends is read and dropped, so that it can read

UNSENT_BYTES = 65_536  # of responses, beyond which the client's next request waits
SEND_BYTES = 65_536  # read at once from a response's buffer; a slow client takes less


class Task(WSGITask):
    """One request that the app answers."""

    def build_response_header(self) -> bytes:
        """The headers; a server that stops closes its connections."""
        if self.channel.server.stopping:
            self.request.headers["CONNECTION"] = "close"
        header: bytes = super().build_response_header()
        return header

    def execute(self) -> None:
        """Answer the request, and log it.

        Raises:
            AnswerLater: the app waits for other work; nothing was sent.
        """
        begun = self.request.begun = self.request.begun or time.monotonic()
        environ = self.get_environment()
        environ |= {CAN_WAIT: True, WORK: self.request.work, BEGUN: begun}
        answered = True
        try:
            super().execute()
        except AnswerLater:
            answered = False
            raise
        finally:
            if answered:
                environ["RAW_URI"] = self.request.request_uri
                took = timedelta(seconds=time.monotonic() - begun)
                self.channel.server.log_access(self, environ, took)

    @property
    def sent(self) -> int:
        """Bytes of the body, for the access log; those of a file are not written one by one."""
        if self.request.command == "HEAD":
            return 0
        return int(self.content_bytes_written or self.content_length or 0)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The response's headers, for the access log."""
        return list(self.response_headers)


class Channel(HTTPChannel):
    """A connection with deadlines. Its methods run in the server's thread unless they say so.

    Attributes:
        client: the client that its address counts as.
        since: when the current wait began, by the monotonic clock: for a request, for the rest
            of one, or for the client to take the response.
        moved: when the last bytes arrived or left.
    """

    task_class = Task
    parser_class = RequestParser
    error_task_class = RefusalTask
    request: HTTPRequestParser | None

    def __init__(
        self,
        server: TcpWSGIServer,
        sock: socket.socket,
        addr: tuple[str, int],
        adj: Adjustments,
        map: dict[int, dispatcher],
    ) -> None:
        self.client = client_of(str(addr[0]))
        self.since = self.moved = time.monotonic()
        self.used = False  # has begun a request
        self.in_body = False
        self.unread = False  # was refused before all of its request had come
        self.lingering = False
        self.postponed = False  # has a next request, which waits until responses were taken
        super().__init__(server, sock, addr, adj, map=map)
        self.sendbuf_len = SEND_BYTES

    def add_channel(self, map: dict[int, dispatcher] | None = None) -> None:
        """Count the connection as open."""
        super().add_channel(map)
        self.server.clients[self.client] += 1
        self.server.polling.opened(self._fileno)
        self.server.report_share()

    def del_channel(self, map: dict[int, dispatcher] | None = None) -> None:
        """Count the connection as closed."""
        if self.server.active_channels.get(self._fileno) is self:
            self.server.clients[self.client] -= 1
            if not self.server.clients[self.client]:
                del self.server.clients[self.client]
        super().del_channel(map)
        self.server.report_share()

    @property
    def waits_for_client(self) -> bool:
        """Whether the client is to act next: no request of it is being answered."""
        return not self.requests

    def body_bytes(self) -> int:
        """Bytes of the bodies that have come or may still come, of requests not yet answered."""
        of_request = self.request
        begun = [*self.requests, *([of_request] if of_request is not None else [])]
        return sum(
            self.adj.max_request_body_size if one.chunked else one.content_length
            for one in begun
            if one.headers_finished and one.error is None
        )

    def received(self, data: bytes) -> bool:
        """Take what arrived; nothing more of a request that was refused."""
        if self.unread:
            return False
        self.moved = time.monotonic()
        before = self.request
        taken = bool(super().received(data))
        request = self.request
        if request is not None and request is not before:
            self.since, self.used, self.in_body = self.moved, True, False
        if request is not None and request.headers_finished and not self.in_body:
            self.since, self.in_body = self.moved, True
            self.server.make_room_for_body(self)
        if self.requests:
            self.used = True
            self.unread = self.unread or self.requests[-1].error is not None
        return taken

    def _flush_some(self, do_close: bool = True) -> bool:
        """Send what the client takes; runs in a thread of the app, too."""
        sent = bool(super()._flush_some(do_close=do_close))
        if sent:
            self.moved = time.monotonic()
        return sent

    def service(self) -> None:
        """Answer one request, or leave it until the work that it waits for is done.

        Runs in a thread of the app, which is free for other requests meanwhile.
        """
        request = self.requests[0]
        try:
            super().service()
        except AnswerLater as wait:
            request.work = wait.work
            wait.work.add_done_callback(lambda _: self.server.add_task(self))
            return
        self.since = self.moved = time.monotonic()

    def overdue(self, now: float, limits: Limits) -> bool:
        """Whether the client has had its time."""
        waited, still = now - self.since, now - self.moved
        if self.lingering:
            return waited > LINGER_SECONDS
        if self.total_outbufs_len:
            return still > limits.stall_seconds or waited > limits.response_seconds
        if self.requests:
            return False
        if self.request is None:
            return waited > (limits.idle_seconds if self.used else limits.header_seconds)
        if self.in_body:
            allowed = limits.body_seconds + self.body_bytes() / limits.body_rate
            return still > limits.stall_seconds or waited > allowed
        return waited > limits.header_seconds

    def end(self) -> None:
        """Close the connection; a client whose body was late reads why."""
        if self.in_body and self.request is not None and not self.requests:
            self.refuse(Refusal(408, TOO_SLOW))
        else:
            self.handle_close()  # `will_close` would wait until the client can take more

    def refuse(self, refusal: Refusal) -> None:
        """Answer the request that is being received with an error."""
        with self.requests_lock:
            request, self.request = self.request, None
            if request is None:
                return
            request.error, request.completed, self.unread = refusal, True, True
            self.requests.append(request)
            if len(self.requests) == 1:
                self.server.add_task(self)
        self.server.polling.recheck()

    def handle_close(self) -> None:
        """Close, but let a client that still sends a refused request read the refusal first."""
        if self.unread and self.connected and not self.lingering and not self.total_outbufs_len:
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the client has gone
            else:
                self.lingering, self.will_close, self.since = True, False, time.monotonic()
                return
        super().handle_close()

    def writable(self) -> bool:
        """Whether to wait until the client can take more."""
        return self.postponed or bool(super().writable())

    def handle_write(self) -> None:
        """Send, and go on with the next request once the client has taken what there was."""
        super().handle_write()
        if self.postponed and self.connected and self.total_outbufs_len <= UNSENT_BYTES:
            self.postponed = False
            self.server.add_task(self)

    def readable(self) -> bool:
        """Whether to read more from the client now."""
        return self.lingering or bool(super().readable())

    def handle_read(self) -> None:
        """Read; what comes while lingering is dropped."""
        if not self.lingering:
            super().handle_read()
            return
        with suppress(OSError):
            self.recv(self.adj.recv_bytes)  # closes at the end
