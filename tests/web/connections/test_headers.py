"""Headers that anyone can send change neither links nor addresses, unless a proxy is configured."""

import re

import pytest
from flask import request

from tests.web.connections.listening import ended, listening
from tests.web.logged import logging_app

SPOOFED = (
    b"GET /?q=shirt HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n"
    b"SCRIPT_NAME: //evil.test\r\nScript-Name: //evil.test\r\nPATH_INFO: /report\r\n"
    b"X-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https\r\n"
    b"X-Forwarded-Prefix: //evil.test\r\n"
    b"X-Forwarded-For: 192.0.2.1\r\nForwarded: host=evil.test\r\nX-Script-Name: //evil.test\r\n\r\n"
)


def test_no_header_of_a_stranger_is_believed(own_home):
    with logging_app(own_home) as app:
        seen = []
        app.before_request(lambda: seen.append(flask_request()))
        with listening(app) as server:
            answer = ended(server.connect(SPOOFED)).decode()
    assert answer.startswith("HTTP/1.1 200")
    assert "evil.test" not in answer and "Coverage" not in answer
    assert re.search(r'href="/products/', answer)
    assert seen == [("127.0.0.1", "http", "shop.example", "")]


def flask_request():
    return request.remote_addr, request.scheme, request.host, request.script_root


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("//evil.test", ""),
        ("https://evil.test", ""),
        ("/\\evil.test", ""),
        ("/shop\r\n", ""),
        ("/shop", "/shop"),
        ("/shop/de-AT", "/shop/de-AT"),
    ],
)
def test_a_prefix_from_another_server_is_a_plain_path(app, given, used):
    """Such as gunicorn's own workers, which take it from a header."""
    page = app.test_client().get("/", environ_overrides={"SCRIPT_NAME": given})
    text = page.get_data(as_text=True)
    assert "evil.test" not in text
    assert f'href="{used}/products/' in text


@pytest.mark.parametrize(
    ("settings", "used"),
    [
        ({}, ""),
        ({"proxies": 1}, ""),  # a proxy that does not set it passes on a stranger's
        ({"proxy_prefix": True}, ""),
        ({"proxies": 1, "proxy_prefix": True}, "/looks"),
    ],
)
def test_a_prefix_needs_a_setting_of_its_own(own_home, settings, used):
    with logging_app(own_home, **settings) as app:
        page = app.test_client().get("/", headers={"X-Forwarded-Prefix": "/looks"})
        assert f'href="{used}/products/' in page.get_data(as_text=True)
        evil = app.test_client().get("/", headers={"X-Forwarded-Prefix": "//evil.test"})
        assert "evil.test" not in evil.get_data(as_text=True)
