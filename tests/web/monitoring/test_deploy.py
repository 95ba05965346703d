"""The files to run the shop with agree with the program."""

import configparser
import re
from pathlib import Path

from web.app.settings import WebSettings

FOLDER = Path(__file__).parents[3] / "web/deploy"
TEXTS = {path.name: path.read_text() for path in FOLDER.iterdir()}


def test_there_is_a_file_for_each_way():
    assert {"Dockerfile", "compose.yaml", "lookalike.service", "nginx.conf", "Caddyfile"} <= set(
        TEXTS
    )


def test_the_settings_that_they_name_exist():
    known = {f"LOOKALIKE_{name.upper()}" for name in WebSettings.model_fields}
    known |= {"LOOKALIKE_DATABASE_URL"}
    for name, text in TEXTS.items():
        assert set(re.findall(r"LOOKALIKE_[A-Z_]+[A-Z]", text)) <= known, name


def test_both_proxies_take_photos_and_pass_the_address_on():
    for name in ("nginx.conf", "Caddyfile"):
        assert "127.0.0.1:8000" in TEXTS[name] and "X-Forwarded-For" in TEXTS[name]
        assert re.search(r"12\s?m", TEXTS[name], re.I), name
    assert "127.0.0.1:8000" in TEXTS["compose.yaml"]  # what it puts the service's name in place of


def test_both_proxies_set_every_header_that_the_shop_believes():
    believed = {"Host", *(f"X-Forwarded-{one}" for one in ("For", "Host", "Prefix"))}
    for name, put in (("nginx.conf", "proxy_set_header"), ("Caddyfile", "header_up")):
        assert believed | {"X-Request-ID"} <= set(re.findall(rf"{put} (\S+)", TEXTS[name])), name


def test_the_unit_is_one_that_systemd_reads():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(TEXTS["lookalike.service"])
    assert unit["Service"]["ExecStart"].endswith("lookalike serve")
    assert unit["Service"]["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert unit["Service"]["ReadWritePaths"] == "/srv/lookalike"


def test_the_image_runs_as_nobody_special():
    dockerfile = TEXTS["Dockerfile"]
    assert dockerfile.index("USER lookalike") < dockerfile.index('CMD ["lookalike", "serve"]')
    assert "[postgres,metrics]" in dockerfile
