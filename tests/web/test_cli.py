"""The command line: what it offers, and a real server started and stopped by it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog.console import SECRET
from catalog.database.event_models import AnswerRow
from catalog.settings import CatalogSettings
from tests.databases import only_sqlite
from tests.waiting import LONG
from tests.web.logged import stored
from web.app.settings import WebSettings
from web.cli import main

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, "-c", "from web.cli import main; main()"]


def environment(home, **more):
    return {**os.environ, "LOOKALIKE_HOME": str(home), "PYTHONPATH": str(ROOT), **more}


def serve(home, *options):
    return CliRunner().invoke(main, ["serve", *options], env={"LOOKALIKE_HOME": str(home)})


@pytest.fixture
def server(shop_home):
    """`lookalike serve` on a free port, and the address that it prints."""
    process = subprocess.Popen(
        [*RUN, "serve", "--port", "0", "--workers", "2"],
        env=environment(shop_home, PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    line = process.stdout.readline()
    yield process, line
    process.kill()
    process.communicate()


@only_sqlite
def test_serve_prints_its_url_answers_and_stops_on_sigterm(server):
    process, line = server
    assert "Lookalike is open at http://127.0.0.1:" in line
    address = next(word for word in line.split() if word.startswith("http"))
    with urllib.request.urlopen(f"{address}/healthz", timeout=LONG) as answer:
        assert json.load(answer)["status"] == "ok"
    process.send_signal(signal.SIGTERM)
    assert process.wait(LONG) == 0


def test_serve_without_a_catalogue_names_the_command_to_run(tmp_path):
    result = serve(tmp_path)
    assert result.exit_code == 1
    assert "lookalike ingest" in result.stderr


def test_serve_on_a_port_in_use_is_refused(shop_home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = serve(shop_home, "--port", port)
    assert result.exit_code == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in result.stderr
    assert "--port" in result.stderr


def test_an_invalid_setting_is_named(shop_home, monkeypatch):
    monkeypatch.setenv("LOOKALIKE_UPLOAD_MB", "-1")
    result = serve(shop_home)
    assert result.exit_code == 1
    assert "LOOKALIKE_UPLOAD_MB" in result.stderr


def test_a_secret_that_is_refused_is_not_shown(shop_home, monkeypatch):
    """A message ends up in a log, and the right key is often one character away."""
    fields = WebSettings.model_fields.items()
    secrets = {name for name, one in fields if "SecretStr" in str(one.annotation)}
    secrets.add("database_url")  # may have a password in it
    assert len(secrets) >= 6 and all(SECRET.search(f"LOOKALIKE_{one.upper()}") for one in secrets)
    monkeypatch.setenv("LOOKALIKE_API_KEY", "schlüssel-mit-umlauten")
    result = serve(shop_home)
    assert result.exit_code == 1
    assert "LOOKALIKE_API_KEY: " in result.stderr and "umlauten" not in result.output


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("PORT", "x", "LOOKALIKE_PORT='x': should be a whole number"),
        ("SECRET_KEY", "hunter2", "LOOKALIKE_SECRET_KEY: should have 16 characters or more"),
        ("PUBLIC_KEY", "pk-shop", "LOOKALIKE_PUBLIC_KEY: should have 8 characters or more"),
        ("ORIGINS", "shop", "LOOKALIKE_ORIGINS='shop': 'shop' is not an origin"),
        ("RATE_LIMIT", "many", "write a number and a time, such as 120/minute"),
        ("LOG_FORMAT", "j" * 5_000, "should be 'text' or 'json'"),
    ],
)
def test_what_is_wrong_with_a_setting_is_said_in_plain_words(
    shop_home, monkeypatch, setting, value, message
):
    monkeypatch.setenv(f"LOOKALIKE_{setting}", value)
    result = serve(shop_home)
    assert result.exit_code == 1 and message in result.stderr
    assert not re.search("Value error|Input|String|hunter2", result.output)
    assert len(result.stderr) < 500


def test_every_package_brings_its_commands():
    offered = set(main.commands)
    assert {"sample", "ingest", "reindex", "recommend", "vectors", "status", "serve"} <= offered
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for name in offered:
        assert name in result.output
        assert main.commands[name].get_short_help_str()


def test_the_module_is_the_command_too():
    """`torchrun -m web.cli train` relies on it."""
    ran = subprocess.run(
        [sys.executable, "-m", "web.cli", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0 and "Commands:" in ran.stdout


def test_a_server_that_stops_writes_what_it_logged(own_home):
    with subprocess.Popen(
        [*RUN, "serve", "--port", "0", "--workers", "2"],
        env=environment(own_home, PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        address = next(word for word in process.stdout.readline().split() if "://" in word)
        similar = f"{address}/api/v1/products/t-shirt-blue-1/similar"
        for _ in range(20):
            with urllib.request.urlopen(similar, timeout=LONG) as answer:
                assert json.load(answer)["results"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONG) == 0
    assert len(stored(CatalogSettings(home=own_home), AnswerRow)) == 20


def test_serve_with_an_invalid_experiment_is_refused(shop_home, tmp_path, monkeypatch):
    (tmp_path / "x.toml").write_text("name = 'n'")
    monkeypatch.setenv("LOOKALIKE_EXPERIMENT", str(tmp_path / "x.toml"))
    result = serve(shop_home)
    assert result.exit_code == 1
    assert "x.toml is invalid: arms" in result.stderr
