"""The command line: what it offers, and a real server started and stopped by it."""

import json
import os
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


def test_serve_prints_its_url_answers_and_stops_on_sigterm(server):
    process, line = server
    assert "Lookalike is open at http://127.0.0.1:" in line
    address = next(word for word in line.split() if word.startswith("http"))
    with urllib.request.urlopen(f"{address}/healthz", timeout=30) as answer:
        assert json.load(answer)["status"] == "ok"
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


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
    assert len(secrets) >= 5 and all(SECRET.search(f"LOOKALIKE_{one.upper()}") for one in secrets)
    monkeypatch.setenv("LOOKALIKE_API_KEY", "schlüssel-mit-umlauten")
    result = serve(shop_home)
    assert result.exit_code == 1
    assert "LOOKALIKE_API_KEY: " in result.stderr and "umlauten" not in result.output


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
            with urllib.request.urlopen(similar, timeout=60) as answer:
                assert json.load(answer)["results"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert len(stored(CatalogSettings(home=own_home), AnswerRow)) == 20


def test_serve_with_an_invalid_experiment_is_refused(shop_home, tmp_path, monkeypatch):
    (tmp_path / "x.toml").write_text("name = 'n'")
    monkeypatch.setenv("LOOKALIKE_EXPERIMENT", str(tmp_path / "x.toml"))
    result = serve(shop_home)
    assert result.exit_code == 1
    assert "x.toml is invalid: arms" in result.stderr
