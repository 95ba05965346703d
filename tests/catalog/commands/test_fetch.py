"""The command ``fetch`` after ``ingest``."""

import csv
import json

import click
import pytest
from click.testing import CliRunner

from catalog.commands.catalogue import COMMANDS
from catalog.commands.fetch import COMMANDS as FETCH_COMMANDS
from tests.catalog.fetching import photo_server as web
from tests.catalog.fetching.conftest import photo


@pytest.fixture
def call(settings):
    group = click.Group("lookalike", commands=[*COMMANDS, *FETCH_COMMANDS])

    def call(*arguments):
        return CliRunner().invoke(group, [str(argument) for argument in arguments])

    return call


@pytest.fixture
def feed(server):
    server.answers |= {"/good.jpg": web.content(photo()), "/bad.jpg": web.content(b"<html>")}
    good, bad, gone = (server.address(path) for path in ("/good.jpg", "/bad.jpg", "/gone.jpg"))
    rows = f"id,title,photos\n=1,One,{good} {gone}\n2,Two,{bad}\n"
    server.answers["/feed.csv"] = web.tagged(rows.encode(), '"v1"')
    return server.address("/feed.csv")


def test_ingest_fetch_and_list_failed_downloads(call, feed, tmp_path, server):
    first = call("ingest", feed)
    assert first.exit_code == 0, first.output
    assert f"Reading csv file {tmp_path}" in first.output and f"(from {feed})" in first.output
    assert "Photos: 0 ready, 0 rejected, 3 waiting to be fetched" in first.output
    assert first.output.endswith("Next: lookalike fetch, then lookalike reindex\n")
    assert "not modified since it was last read" in call("ingest", feed).output
    done = call("fetch")
    assert done.exit_code == 0, done.output
    assert "Photos: 1 fetched, 0 unchanged, 2 failed in " in done.output
    assert "http_404 1" in done.output and "not_an_image 1" in done.output
    assert done.output.endswith("Next: lookalike reindex\n")
    path = tmp_path / "missing.csv"
    assert "2 photos that could not be downloaded" in call("fetch", "--failures", path).output
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["id"], row["code"]) for row in rows] == [
        ("'=1", "http_404"),
        ("2", "not_an_image"),
    ]
    assert rows[0]["photo"] == server.address("/gone.jpg") and rows[0]["tries"] == "1"
    assert server.request_counts["/gone.jpg"] == 1


def test_json_limit_and_again(call, feed):
    call("ingest", feed)
    assert json.loads(call("fetch", "--json", "--limit", "1").stdout)["waiting"] >= 2
    call("fetch")
    result = json.loads(call("fetch", "--again", "--json").stdout)
    assert result["by_code"] == {"http_404": 1, "not_an_image": 1}
    assert (result["fetched"], result["failed"], result["waiting"]) == (0, 2, 2)


@pytest.mark.parametrize(
    ("variables", "arguments", "message"),
    [
        ({"LOOKALIKE_FETCH_HOSTS": "a/b"}, ["fetch"], "LOOKALIKE_FETCH_HOSTS: 'a/b'"),
        ({"LOOKALIKE_FETCH_HOSTS": ""}, ["ingest", "FEED"], "is not a public address"),
        ({}, ["ingest", "https://me:secret@shop.example/f.xml"], "may not contain a user name"),
        ({}, ["ingest", "ftp://shop.example/f.xml"], "only http and https are fetched"),
    ],
)
def test_errors_are_one_line(call, feed, monkeypatch, variables, arguments, message):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = call(*(feed if word == "FEED" else word for word in arguments))
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr and result.stderr.count("\n") == 1
    assert "secret" not in result.stderr


def test_a_fetch_that_got_nothing_is_no_success_and_names_the_setting(
    call, server, tmp_path, monkeypatch, write_csv
):
    server.answers["/good.jpg"] = web.content(photo())
    monkeypatch.delenv("LOOKALIKE_FETCH_HOSTS", raising=False)
    path = write_csv(tmp_path / "f.csv", [{"id": "1", "photos": server.address("/good.jpg")}])
    call("ingest", path)
    done = call("fetch")
    assert done.exit_code == 1
    assert "Failed: not_public 1, such as: " in done.output
    assert "add it to LOOKALIKE_FETCH_HOSTS" in done.output
    assert "--failures FILE.csv" in done.output.splitlines()[-1]
    idle = call("fetch")
    assert "Without a file: 1 photo, which failed before or --limit left." in idle.output
    assert idle.exit_code == 0  # --again would be refused again
    assert "Next: add these hosts to LOOKALIKE_FETCH_HOSTS" in idle.output.splitlines()[-1]
    assert json.loads(call("fetch", "--json").stdout)["refused"] == 1
    monkeypatch.setenv("LOOKALIKE_FETCH_HOSTS", "127.0.0.1")
    done = call("fetch")  # the setting alone is enough, no --again
    assert done.exit_code == 0 and "1 fetched" in done.output
    assert "Nothing is due." in call("fetch").output


@pytest.mark.parametrize("option", [("--again",), ("--limit", "3")])
def test_a_list_of_failures_fetches_nothing(call, tmp_path, option):
    done = call("fetch", "--failures", str(tmp_path / "failed.csv"), *option)
    assert done.exit_code == 2
    assert "leave --again and --limit out" in done.output
