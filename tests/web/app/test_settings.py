import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import ValidationError

from web.app.errors import SettingsError
from web.app.settings import WebSettings


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    settings = WebSettings(home=tmp_path / "new")
    key = settings.signing_key()
    path = tmp_path / "new" / "secret-key"
    assert len(key) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert WebSettings(home=tmp_path / "new").signing_key() == key
    assert [entry.name for entry in path.parent.iterdir()] == ["secret-key"]


def test_two_homes_have_two_keys(tmp_path):
    keys = {WebSettings(home=tmp_path / name).signing_key() for name in "ab"}
    assert len(keys) == 2


def test_many_workers_agree_on_one_key(tmp_path):
    def first_key(_):
        return WebSettings(home=tmp_path).signing_key()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(first_key, range(32)))) == 1


def test_a_key_that_is_set_is_used_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("LOOKALIKE_SECRET_KEY", "a long enough secret")
    assert WebSettings(home=tmp_path).signing_key() == "a long enough secret"
    assert list(tmp_path.iterdir()) == []


def test_a_short_key_is_refused(tmp_path):
    with pytest.raises(ValidationError):
        WebSettings(home=tmp_path, secret_key="short")
    (tmp_path / "secret-key").write_text("short")
    with pytest.raises(SettingsError, match="Delete the file"):
        WebSettings(home=tmp_path).signing_key()


def test_a_home_that_is_a_file_is_refused_with_advice(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(SettingsError, match="LOOKALIKE_SECRET_KEY"):
        WebSettings(home=tmp_path / "home").signing_key()


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("LOOKALIKE_PORT", "8123")
    monkeypatch.setenv("LOOKALIKE_UPLOAD_MB", "2.5")
    settings = WebSettings()
    assert (settings.port, settings.upload_bytes) == (8123, 2_500_000)
