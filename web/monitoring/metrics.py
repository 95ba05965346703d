"""``/metrics`` for Prometheus: requests, latency, answers and fallbacks, queues, the index's age.

The client is imported late: the folder that several processes share must be known by then.
"""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, request

from catalog.errors import CatalogError
from catalog.utc import utc_now
from engine.errors import EngineError
from engine.recommendation.results import Panel
from web.app.context import Shop, shop
from web.app.responses.later import begun
from web.app.security import is_secret
from web.app.settings import metrics_folder

blueprint = Blueprint("metrics", __name__)

EXTENSION = "lookalike-metrics"
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The numbers of one app, shared by all processes if the server shares a folder."""

    def __init__(self, app_shop: Shop) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._shop = app_shop
        self._shared = metrics_folder()
        self.registry = CollectorRegistry()
        to = self.registry
        self.requests = Counter(
            "lookalike_requests", "Requests.", ("endpoint", "method", "status"), registry=to
        )
        self.seconds = Histogram(
            "lookalike_request_seconds",
            "Time until a response was computed.",
            ("endpoint",),
            buckets=BUCKETS,
            registry=to,
        )
        self.answers = Counter(
            "lookalike_answers", "Answers of the engine, by fallback.", ("fallback",), registry=to
        )
        self.empty = Counter("lookalike_empty_answers", "Answers with no product.", registry=to)
        self.queue = Gauge(
            "lookalike_event_queue",
            "Answers and events that wait to be written.",
            registry=to,
            multiprocess_mode="livesum",
        )
        app_shop.on_answer.append(self.count_answer)
        app_shop.on_repeat.append(self.count_repeat)

    def count_answer(self, panel: Panel) -> None:
        """Count an answer of the engine."""
        self.answers.labels(panel.fallback.value).inc()
        if not panel.results:
            self.empty.inc()

    def count_request(self, response: Response) -> None:
        """Count a request and its time."""
        # A stranger may invent methods, and each would be a number to keep.
        method = request.method if request.method in METHODS else "other"
        seconds = time.monotonic() - begun()
        self._count(request.endpoint or "none", method, str(response.status_code), seconds)

    def count_repeat(self, endpoint: str, seconds: float) -> None:
        """Count a request that was answered by `web.answering.repeats`."""
        self._count(endpoint, "GET", "200", seconds)

    def _count(self, endpoint: str, method: str, status: str, seconds: float) -> None:
        self.requests.labels(endpoint, method, status).inc()
        self.seconds.labels(endpoint).observe(seconds)
        if self._shop.events is not None:
            self.queue.set(self._shop.events.counts().waiting)

    def text(self) -> bytes:
        """All numbers in Prometheus's text format, those of the other processes included."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry: CollectorRegistry = self.registry
        state = CollectorRegistry()
        state.register(StateCollector(self._shop))
        if self._shared is not None:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, path=str(self._shared))
        return generate_latest(registry) + generate_latest(state)


class StateCollector:
    """What is the same for all processes, read at the moment: index, catalogue, webhooks."""

    def __init__(self, app_shop: Shop) -> None:
        self._shop = app_shop

    def collect(self) -> Iterator[Any]:
        """The gauges; what cannot be read is left out."""
        from prometheus_client.core import GaugeMetricFamily

        ready = 0
        try:
            live = self._shop.recommender.live()
            age = (utc_now() - datetime.fromisoformat(live.manifest.created)).total_seconds()
            yield GaugeMetricFamily(
                "lookalike_index_age_seconds", "Since the index was published.", value=age
            )
            yield GaugeMetricFamily(
                "lookalike_index_products", "Products in the index.", value=len(live.ids)
            )
            products = self._shop.menu().products
            yield GaugeMetricFamily(
                "lookalike_catalogue_products", "Products that are not retired.", value=products
            )
            backlog = self._shop.hooks.backlog()
            family = GaugeMetricFamily(
                "lookalike_webhooks", "Webhooks by their state.", labels=["state"]
            )
            family.add_metric(["waiting"], backlog.waiting)
            family.add_metric(["parked"], backlog.parked)
            yield family
            ready = 1
        except (CatalogError, EngineError):
            pass
        yield GaugeMetricFamily("lookalike_ready", "Whether answers can be given.", value=ready)


@blueprint.get("/metrics")
def show() -> Response:
    """The numbers, for whoever has the token; without one they are off."""
    token = shop().settings.metrics_token
    if token is None:
        abort(404)
    try:
        sent = request.authorization
    except ValueError:
        sent = None
    if sent is None or not is_secret(sent.token or sent.password, token):
        challenge = {"WWW-Authenticate": 'Bearer realm="Lookalike metrics"'}
        return Response("Send LOOKALIKE_METRICS_TOKEN as a bearer token.", 401, challenge)
    text = current_app.extensions[EXTENSION].text()
    response = Response(text, mimetype="text/plain; version=0.0.4")
    response.headers["Cache-Control"] = "no-store"
    return response


def register(app: Flask, app_shop: Shop) -> None:
    """Count the requests of an app, if its numbers may be read."""
    if app_shop.settings.metrics_token is None:
        return
    metrics = app.extensions[EXTENSION] = Metrics(app_shop)

    @app.before_request
    def begin() -> None:
        begun()

    @app.after_request
    def count(response: Response) -> Response:
        metrics.count_request(response)
        return response
