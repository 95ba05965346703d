"""Secrets of the shop: two servers with one PostgreSQL have the same, two homes with SQLite not."""

import stat

import pytest
from flask import session
from flask_wtf.csrf import generate_csrf, validate_csrf

from catalog.errors import DatabaseError
from tests.databases import only_postgresql, only_sqlite
from tests.web.conftest import fill
from web import WebSettings, create_app


@only_postgresql
def test_servers_with_one_database_have_one_key_and_one_password(database_url, tmp_path):
    one, other = (WebSettings(home=tmp_path / name) for name in "ab")
    assert one.signing_key() == other.signing_key()
    assert one.report_password() == other.report_password()
    assert one.report_password().get_secret_value() != one.signing_key()
    for settings in (one, other):  # the copy for people
        path = settings.report_token_file
        assert path.read_text() == one.report_password().get_secret_value()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@only_postgresql
def test_a_session_and_a_form_s_token_of_one_server_are_valid_at_the_other(database_url, tmp_path):
    apps = [create_app(WebSettings(home=tmp_path / name)) for name in "ab"]
    with apps[0].test_request_context():
        token = generate_csrf()
        cookie = apps[0].session_interface.get_signing_serializer(apps[0]).dumps(dict(session))
    client = apps[1].test_client()
    client.set_cookie("lookalike", cookie)
    with client:
        client.get("/nowhere")  # any request opens the session
        validate_csrf(token)
        assert session["csrf_token"]


@only_postgresql
def test_the_key_of_a_home_that_moves_to_postgresql_stays(database_url, tmp_path, monkeypatch):
    monkeypatch.delenv("LOOKALIKE_DATABASE_URL")
    before = WebSettings(home=tmp_path / "a").signing_key()
    monkeypatch.setenv("LOOKALIKE_DATABASE_URL", database_url)
    assert WebSettings(home=tmp_path / "a").signing_key() == before
    assert WebSettings(home=tmp_path / "b").signing_key() == before
    assert (tmp_path / "b" / "secret-key").read_text() == before


def test_a_key_that_is_set_asks_no_database(home, monkeypatch):
    monkeypatch.setenv("LOOKALIKE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    settings = WebSettings(home=home, secret_key="k" * 16, report_token="t" * 16)
    create_app(settings)
    assert settings.with_secrets() == settings
    with pytest.raises(DatabaseError):
        create_app(WebSettings(home=home))


@only_sqlite
def test_on_sqlite_secrets_are_in_the_home_alone(database_url, home, tmp_path):
    key = WebSettings().signing_key()
    assert (home / "secret-key").read_text() == key
    assert WebSettings(home=tmp_path / "other").signing_key() != key


def test_processes_of_a_server_are_handed_its_secrets(database_url, home):
    complete = WebSettings().with_secrets()
    assert complete.secret_key.get_secret_value() == WebSettings().signing_key()
    assert complete.report_token == WebSettings().report_password()


@only_postgresql
def test_a_server_starts_before_its_database_and_before_the_first_ingest(
    new_database_url, tmp_path, source, monkeypatch
):
    first, other = tmp_path / "first", tmp_path / "other"
    key = WebSettings(home=first).signing_key()  # there is no catalogue yet
    fill(first, source, new_database_url)
    assert WebSettings(home=first).signing_key() == key
    assert WebSettings(home=other).signing_key() == key
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    monkeypatch.setenv("LOOKALIKE_DATABASE_URL", nowhere)
    assert WebSettings(home=other).signing_key() == key
    with pytest.raises(DatabaseError):
        WebSettings(home=tmp_path / "third").signing_key()
