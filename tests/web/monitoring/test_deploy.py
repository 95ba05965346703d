"""The files to run the shop with agree with the program."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from catalog.settings import CatalogSettings
from engine.settings import EngineSettings
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


def test_the_caddyfile_needs_no_newer_version_than_the_tested_one():
    tested = re.search(r"Caddy in version ([\d.]+),", (FOLDER.parent / "README.md").read_text())[1]
    assert f"Caddy ({tested} or later)" in TEXTS["Caddyfile"]


def test_no_proxy_gives_up_the_only_server():
    assert not re.search(r"health_(uri|port)|fail_duration|max_fails", TEXTS["Caddyfile"])
    assert TEXTS["nginx.conf"].count("server 127.0.0.1") == 1  # which nginx then never leaves out


def test_the_unit_is_one_that_systemd_reads():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(TEXTS["lookalike.service"])
    assert unit["Service"]["ExecStart"].endswith("lookalike serve")
    assert unit["Service"]["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert unit["Service"]["ReadWritePaths"] == "/srv/lookalike"


def test_systemd_finds_nothing_to_say_about_the_unit(tmp_path):
    """But for the program, which the test puts where it can be."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not installed")
    unit = tmp_path / "lookalike.service"
    unit.write_text(TEXTS[unit.name].replace("/opt/lookalike/bin/lookalike", "/bin/true"))
    done = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []


def test_compose_names_services_volumes_and_settings_that_exist():
    compose = yaml.safe_load(TEXTS["compose.yaml"])
    services = compose["services"]
    assert services.keys() == {"database", "watch", "shop", "proxy"}
    models = (WebSettings, CatalogSettings, EngineSettings)
    known = {f"LOOKALIKE_{name.upper()}" for model in models for name in model.model_fields}
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= services.keys(), name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            found = (FOLDER / source).is_file() if "/" in source else source in compose["volumes"]
            assert found, volume
    for name in ("shop", "watch"):
        assert services[name]["image"] == "lookalike"
        assert services[name]["environment"].keys() <= known
    waits = services["shop"]["depends_on"]["database"]["condition"]
    assert waits == "service_healthy" and "healthcheck" in services["database"]
    built = services["watch"]["build"]
    assert (FOLDER / built["context"] / built["dockerfile"]).samefile(FOLDER / "Dockerfile")
    assert services["watch"]["command"][:2] == ["lookalike", "watch"]
    program, flag, script = services["proxy"]["command"]
    assert (program, flag) == ("sh", "-c")
    changed = script.partition(" > ")[0].replace("/tmp/lookalike.conf", str(FOLDER / "nginx.conf"))
    done = subprocess.run(changed, shell=True, capture_output=True, text=True, check=True)
    assert "server shop:8000;" in done.stdout and "127.0.0.1" not in done.stdout


def test_the_image_copies_nothing_that_is_made_here():
    ignored = (FOLDER.parents[1] / ".dockerignore").read_text().split()
    assert {".git", ".venv", "var", "**/__pycache__", "**/node_modules"} <= set(ignored)


def test_the_image_runs_as_nobody_special():
    dockerfile = TEXTS["Dockerfile"]
    assert dockerfile.index("USER lookalike") < dockerfile.index('CMD ["lookalike", "serve"]')
    assert "[postgres,metrics]" in dockerfile
