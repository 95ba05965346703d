"""Runs the app under gunicorn, configured from our settings instead of gunicorn's files."""

import gc
import io
import logging
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker
from PIL import Image
from threadpoolctl import threadpool_limits

from catalog.database.database import Database
from catalog.errors import CatalogError
from catalog.settings import CatalogSettings
from engine.errors import EngineError
from engine.settings import EngineSettings
from web.api.webhooks import MAX_BYTES as MAX_WEBHOOK
from web.app.context import EXTENSION, Shop
from web.app.errors import SettingsError
from web.app.experiments import Experiment
from web.app.security import MAX_BODY
from web.app.settings import WebSettings, share_metrics
from web.connections.limits import Limits
from web.connections.shares import Shares, hooks
from web.connections.worker import worker_class
from web.factory import create_app

log = logging.getLogger(__name__)

WORKER_SECONDS = 120  # after which a worker process that does not respond is replaced
SWITCH_SECONDS = 0.0005


class Server(BaseApplication):
    """A gunicorn application whose workers each build their own app, after the fork."""

    def __init__(self, settings: WebSettings, options: dict[str, Any]) -> None:
        self.settings = settings
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        """Set our options; those that this version of gunicorn does not know are ignored."""
        for name, value in self.options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Callable[..., Iterable[bytes]]:
        """The app of one worker."""
        return create_app(self.settings)


def options(
    settings: WebSettings, *, access_log: bool = False, reload: bool = False
) -> dict[str, Any]:
    """The options of gunicorn."""
    shares = Shares()
    return {
        "bind": bind_address(settings.host, settings.port),
        "workers": settings.web_workers,
        "worker_class": worker_class(limits_of(settings), shares),
        "threads": settings.web_threads,
        "timeout": WORKER_SECONDS,
        "graceful_timeout": 10,
        "preload_app": False,  # an encoder must not be loaded before the fork
        "post_worker_init": prepare_worker,
        "accesslog": "-" if access_log else None,
        "loglevel": "warning",
        "reload": reload,
        "proc_name": "lookalike",
        "control_socket_disable": True,
        **hooks(shares),
    }


def limits_of(settings: WebSettings) -> Limits:
    """The limits of connections. Behind a proxy all clients share its address: no limit for one."""
    return Limits(
        per_address=None if settings.proxies else settings.address_connections,
        body_bytes=max(settings.upload_bytes, MAX_WEBHOOK, MAX_BODY),
    )


def bind_address(host: str, port: int) -> str:
    """``host:port``, an IPv6 host in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def check_port(settings: WebSettings) -> None:
    """Check that the server can listen on its port, before its workers start.

    Raises:
        SettingsError: the port is in use, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"Cannot listen on {bind_address(settings.host, settings.port)}: "
                f"{error.strerror}. Choose another with --port, or stop the program that uses it."
            ) from error


def run(settings: WebSettings, *, access_log: bool = False, reload: bool = False) -> None:
    """Serve until stopped; never returns, as gunicorn ends the process.

    Raises:
        SettingsError: the port is in use, the secret key cannot be stored, or the experiment is
            invalid.
        catalog.errors.DatabaseError: there is no catalogue.
    """
    Database.open(CatalogSettings(home=settings.home)).close()  # workers open their own
    if settings.experiment is not None:
        Experiment.load(settings.experiment)  # workers load their own; errors appear once, here
    # Generated before several workers need them, and handed to them: they start without a database.
    complete = settings.with_secrets()
    check_port(settings)
    chosen = options(settings, access_log=access_log, reload=reload)
    if settings.metrics_token is not None:
        chosen |= shared_metrics(chosen)
    Server(complete, {**chosen, "when_ready": partial(announce, settings)}).run()


def shared_metrics(chosen: dict[str, Any]) -> dict[str, Any]:
    """The hooks by which the processes share their numbers for Prometheus in a folder.

    Raises:
        SettingsError: Prometheus's client is not installed.
    """
    folder = Path(tempfile.mkdtemp(prefix="lookalike-metrics-"))
    share_metrics(folder)
    try:
        from prometheus_client.multiprocess import mark_process_dead
    except ModuleNotFoundError as error:
        raise SettingsError(
            "LOOKALIKE_METRICS_TOKEN needs Prometheus's client: pip install 'lookalike[metrics]'."
        ) from error
    left: Callable[..., None] = chosen["child_exit"]

    def child_exit(arbiter: Arbiter, worker: Worker) -> None:
        left(arbiter, worker)
        mark_process_dead(worker.pid, str(folder))

    def on_exit(_: Arbiter) -> None:
        shutil.rmtree(folder, ignore_errors=True)

    return {"child_exit": child_exit, "on_exit": on_exit}


def prepare_worker(worker: Worker) -> None:
    """Tune a worker, apply webhooks that wait, and load what photo searches need if asked to."""
    tune_worker()
    app = worker.wsgi
    shop: Shop | None = app.extensions.get(EXTENSION) if isinstance(app, Flask) else None
    if shop is not None and shop.settings.shopify_secret is not None:
        shop.applier.wake()  # for those of another process that is gone
    if shop is not None and EngineSettings(home=shop.settings.home).index_is_shared:
        Thread(target=open_index, args=(shop,), name="index", daemon=True).start()
    if shop is not None and shop.settings.warm_encoder:
        Thread(target=load_for_photos, args=(shop,), name="warm-up", daemon=True).start()


def open_index(shop: Shop) -> None:
    """Copy a shared index to an empty home and open it; what fails, a request tries again."""
    try:
        shop.recommender.live()
    except (CatalogError, EngineError) as error:
        log.warning("The index is not open yet: %s", error)


def load_for_photos(shop: Shop) -> None:
    """Decode and embed a picture, which loads the encoder and starts a process that decodes.

    What fails, a photo search tries again.
    """
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "white").save(picture, "PNG")
    try:
        shop.recommender.embed(
            shop.decoder.decode(picture, max_pixels=10_000, max_bytes=10_000, at_least=64)
        )
    except (CatalogError, EngineError) as error:
        log.warning("Photo searches are not prepared: %s", error)


def tune_worker() -> None:
    """Tune a worker for even response times.

    Objects that are loaded by now are permanent: scanning them for garbage would delay a response
    by 0.1 s. Matrix products use one core: on two, these small ones would wait for the other core,
    busy with other requests, much longer than they compute. A thread that waits for the
    interpreter gets it after `SWITCH_SECONDS` instead of 5 ms: a short request asks for it dozens
    of times, and would wait so long each time beside an expensive one.
    """
    gc.collect()
    gc.freeze()
    threadpool_limits(1, user_api="blas")
    sys.setswitchinterval(SWITCH_SECONDS)


def announce(settings: WebSettings, arbiter: Arbiter) -> None:
    """Print the server's URL once it listens, and where the password of the report is."""
    for listener in arbiter.LISTENERS:
        host, port = listener.sock.getsockname()[:2]
        click.echo(f"Lookalike is open at http://{bind_address(host, port)} (Ctrl-C to stop)")
    if settings.report_token is None:
        click.echo(f"The password of its /report and /desk is in {settings.report_token_file}")
