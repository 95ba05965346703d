"""Numbers for Prometheus, request ids, and logs as JSON."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from tests.databases import only_sqlite
from tests.waiting import LONG
from tests.web.logged import KEY, TOKEN, logging_app
from web.app.responses.random_ids import REQUEST_ID as HEADER
from web.monitoring import json_logs
from web.monitoring.json_logs import JsonFormatter

ROOT = Path(__file__).parents[3]
SECRET = "a token for numbers"
READER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def counted(own_home):
    with logging_app(own_home, metrics_token=SECRET) as app:
        yield app.test_client()


def numbers(text: str) -> dict[tuple[str, ...], float]:
    """(name, label values sorted by their names) -> value."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_answers_and_the_index_are_counted(counted):
    for _ in range(3):
        counted.get("/products/t-shirt-blue-1")
    counted.get("/products/nowhere")
    counted.get("/products/t-shirt-blue-1?price_from=900")
    page = counted.get("/metrics", headers=READER)
    assert page.status_code == 200 and page.mimetype == "text/plain"
    found = numbers(page.get_data(as_text=True))
    assert found["lookalike_requests_total", "product.show", "GET", "200"] == 4
    assert found["lookalike_requests_total", "product.show", "GET", "404"] == 1
    assert found["lookalike_request_seconds_count", "product.show"] == 5
    assert found["lookalike_answers_total", "none"] == 3
    assert found["lookalike_answers_total", "relaxed-filter"] == 1
    assert found["lookalike_index_products",] > 20 and found["lookalike_ready",] == 1
    assert found["lookalike_index_age_seconds",] > 0
    assert found["lookalike_webhooks", "waiting"] == 0
    assert ("lookalike_event_queue",) in found


def test_addresses_of_strangers_make_no_new_numbers(counted):
    before = len(numbers(counted.get("/metrics", headers=READER).get_data(as_text=True)))
    for number in range(20):
        counted.get(f"/nowhere/{number}")
        counted.get(f"/products/nothing-{number}")
    found = numbers(counted.get("/metrics", headers=READER).get_data(as_text=True))
    assert found["lookalike_requests_total", "none", "GET", "404"] == 20
    assert len(found) - before < 60  # two endpoints and the page itself, with their buckets


def test_methods_that_strangers_invent_are_one(counted):
    for letter in "ABC":
        counted.open("/", method=f"NEW{letter}")
    found = numbers(counted.get("/metrics", headers=READER).get_data(as_text=True))
    assert found["lookalike_requests_total", "none", "other", "405"] == 3
    assert not any("NEWA" in key for key in found)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {TOKEN}"},
     {"Authorization": "Basic ***"}],
)  # fmt: skip
def test_strangers_read_no_numbers(counted, headers):
    answer = counted.get("/metrics", headers=headers)
    assert answer.status_code == 401 and b"lookalike_" not in answer.data


def test_without_a_token_they_are_off(client):
    assert client.get("/metrics", headers=READER).status_code == 404


def test_every_response_has_an_id_which_strangers_do_not_choose(client, own_home):
    one, two = (client.get("/healthz").headers[HEADER] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{16}", one) and one != two
    assert client.get("/", headers={HEADER: "mine"}).headers[HEADER] != "mine"
    with logging_app(own_home, proxies=1) as app:
        behind = app.test_client()
        assert behind.get("/", headers={HEADER: "proxy-1:a"}).headers[HEADER] == "proxy-1:a"
        assert behind.get("/", headers={HEADER: "x" * 99}).headers[HEADER] != "x" * 99


def test_a_log_line_is_one_json_object(client):
    try:
        raise ValueError("two\nlines")
    except ValueError:
        record = logging.LogRecord(
            "web", logging.ERROR, __file__, 1, "It %s", ("failed\n",), sys.exc_info()
        )
    text = JsonFormatter().format(record)
    assert "\n" not in text
    line = json.loads(text)
    assert (line["level"], line["logger"], line["message"]) == ("error", "web", "It failed\n")
    assert "ValueError: two" in line["traceback"] and "request_id" not in line


def test_a_log_line_is_short_whatever_method_and_path_are_sent(caplog):
    app = Flask(__name__)
    json_logs.register(app)
    with caplog.at_level(logging.INFO, json_logs.REQUESTS.name):
        app.test_client().open("/" + "x" * 50_000, method="M" * 50_000)
    (record,) = caplog.records
    line = json.loads(JsonFormatter().format(record))
    assert line["method"] == "M" * 20 and line["path"] == "/" + "x" * 1_999
    assert len(json.dumps(line)) < 5_000


def ask(address: str, headers: dict[str, str] | None = None) -> str:
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers or {})) as answer:
        return answer.read().decode()


@only_sqlite
def test_several_processes_give_their_numbers_together_and_log_as_json(own_home, tmp_path):
    environment = {
        **os.environ,
        "LOOKALIKE_HOME": str(own_home),
        "LOOKALIKE_SECRET_KEY": KEY,
        "LOOKALIKE_METRICS_TOKEN": SECRET,
        "LOOKALIKE_LOG_FORMAT": "json",
        "TMPDIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "web.cli", "serve", "--port", "0", "--workers", "3"]
    log = tmp_path / "log"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=stream, text=True
        )
    try:
        address = re.search(r"http://[\d.:]+", server.stdout.readline())[0]
        for _ in range(30):
            ask(f"{address}/healthz")
        with pytest.raises(urllib.error.HTTPError):
            ask(f"{address}/metrics")
        found = numbers(ask(f"{address}/metrics", READER))
        assert found["lookalike_requests_total", "health.healthz", "GET", "200"] == 30
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(LONG)
        server.stdout.close()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    requests = [line for line in lines if line["logger"] == "web.requests"]
    assert len(requests) == 32 and len({line["request_id"] for line in requests}) == 32
    assert requests[0]["path"] == "/healthz" and requests[0]["status"] == 200
    assert not list(tmp_path.glob("lookalike-metrics-*"))
