"""Running the storefront under gunicorn, set up from our own settings and not from its files."""

import gc
import socket
from collections.abc import Callable, Iterable
from typing import Any

import click
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from threadpoolctl import threadpool_limits

from catalog.database.database import Database
from catalog.settings import CatalogSettings
from web.app.errors import SettingsError
from web.app.experiments import Experiment
from web.app.settings import WebSettings
from web.factory import create_app

PATIENCE = 120  # seconds of one request: the first photo search loads the encoder


class Server(BaseApplication):
    """A gunicorn arbiter whose workers each build their own app, after the fork."""

    def __init__(self, settings: WebSettings, options: dict[str, Any]) -> None:
        self.settings = settings
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        """Take our options; names that this version of gunicorn lacks are left out."""
        for name, value in self.options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Callable[..., Iterable[bytes]]:
        """The app of one worker."""
        return create_app(self.settings)


def options(
    settings: WebSettings, *, access_log: bool = False, reload: bool = False
) -> dict[str, Any]:
    """Gunicorn's options for our settings."""
    return {
        "bind": bind_address(settings.host, settings.port),
        "workers": settings.web_workers,
        "worker_class": "gthread",
        "threads": settings.web_threads,
        "timeout": PATIENCE,
        "graceful_timeout": 10,
        "preload_app": False,  # an encoder must not be loaded before the fork
        "post_worker_init": settle,
        "accesslog": "-" if access_log else None,
        "loglevel": "warning",
        "reload": reload,
        "proc_name": "lookalike",
        "control_socket_disable": True,
    }


def bind_address(host: str, port: int) -> str:
    """``host:port``, an IPv6 host in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def check_port(settings: WebSettings) -> None:
    """Make sure that the server can listen before its workers start.

    Raises:
        SettingsError: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"Cannot listen on {bind_address(settings.host, settings.port)}: "
                f"{error.strerror}. Choose another with --port, or stop what uses it."
            ) from error


def run(settings: WebSettings, *, access_log: bool = False, reload: bool = False) -> None:
    """Serve until stopped; returns never, as gunicorn ends the process.

    Raises:
        SettingsError: the port is taken, the secret key cannot be kept, or the experiment makes
            no sense.
        catalog.errors.DatabaseError: there is no catalogue to serve.
    """
    Database.open(CatalogSettings(home=settings.home)).close()  # workers open their own
    if settings.experiment is not None:
        Experiment.load(settings.experiment)  # workers load their own; said here once if wrong
    settings.signing_key()  # made here once, before several workers want it
    check_port(settings)
    chosen = options(settings, access_log=access_log, reload=reload)
    Server(settings, {**chosen, "when_ready": announce}).run()


def settle(_: object = None) -> None:
    """Make a process that is about to answer answer evenly.

    What is loaded by now stays: to look through it for garbage would stop an answer for 0.1 s.
    And one answer computes on one core: on two for a small product, with other answers on them,
    it waits for the other core far longer than it computes.
    """
    gc.collect()
    gc.freeze()
    threadpool_limits(1, user_api="blas")


def announce(arbiter: Arbiter) -> None:
    """Say where the shop is, once it really listens."""
    for listener in arbiter.LISTENERS:
        host, port = listener.sock.getsockname()[:2]
        click.echo(f"Lookalike is open at http://{bind_address(host, port)} (Ctrl-C closes it)")
