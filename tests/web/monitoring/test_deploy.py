"""The files to run the shop with agree with the program."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from catalog.database.connections import url_of
from catalog.photos.shared_photos import SharedPhotos
from catalog.settings import CatalogSettings
from engine.embedding.caches.parquet import ParquetCache
from engine.operations.leading import has_leases
from engine.settings import EngineSettings
from web.app.limits.rate_storage import SCHEMES
from web.app.settings import WebSettings
from web.cli import main

FOLDER = Path(__file__).parents[3] / "web/deploy"
TEXTS = {path.name: path.read_text() for path in FOLDER.iterdir()}

MODELS = (WebSettings, CatalogSettings, EngineSettings)
KNOWN = {f"LOOKALIKE_{name.upper()}" for model in MODELS for name in model.model_fields}
SHELL = {
    "POSTGRES_PASSWORD": "Secret123",
    "STORE_PASSWORD": "Secret456",
    "FEED": "https://shop.example/feeds/google.xml",
}


def compose_file(name):
    """A compose file, with the variables that its comments tell to set."""

    def value(match):
        found = SHELL.get(match[1]) or (match[2][1:] if match[2].startswith("-") else None)
        assert found is not None, match[0]
        return found

    return yaml.safe_load(re.sub(r"\$\{(\w+):([^}]*)\}", value, TEXTS[name]))


def test_there_is_a_file_for_each_way():
    assert {"Dockerfile", "compose.yaml", "lookalike.service", "nginx.conf", "Caddyfile"} <= set(
        TEXTS
    )


def test_the_settings_that_they_name_exist():
    for name, text in TEXTS.items():
        assert set(re.findall(r"LOOKALIKE_[A-Z_]+[A-Z]", text)) <= KNOWN, name


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
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= services.keys(), name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            found = (FOLDER / source).is_file() if "/" in source else source in compose["volumes"]
            assert found, volume
    for name in ("shop", "watch"):
        assert services[name]["image"] == "lookalike"
        assert services[name]["environment"].keys() <= KNOWN
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


def test_compose_of_several_servers_is_what_the_program_takes(home, monkeypatch):
    """Each of its settings and commands is read as `lookalike` reads it."""
    compose = compose_file("compose.servers.yaml")
    services = compose["services"]
    ours = {name for name, one in services.items() if one["image"] == "lookalike"}
    assert ours == {"server-a", "server-b", "watch-a", "watch-b"}
    for name in ours:
        service = services[name]
        assert (FOLDER / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        program, command, *arguments = service["command"]
        assert program == "lookalike"
        main.commands[command].make_context(command, arguments)
        (volume,) = service["volumes"]
        assert volume == f"home-{name[-1]}:/srv/lookalike"
        for key, value in service["environment"].items():
            assert key in KNOWN or key.startswith("AWS_"), key
            if value is not None:
                monkeypatch.setenv(key, value)
        caps, settings, web = CatalogSettings(), EngineSettings(), WebSettings()
        assert url_of(caps).get_backend_name() == "postgresql" and has_leases(caps)
        assert settings.index_is_shared and web.proxies == 1
        assert urlsplit(web.rate_storage.get_secret_value()).scheme in SCHEMES
        assert SharedPhotos.of(caps).files.address == "s3://lookalike/shop"
        assert ParquetCache(settings.vector_cache).shared
        at = {urlsplit(one).netloc for one in (settings.shared_index, settings.vector_cache)}
        assert {*at, services["bucket"]["entrypoint"][-1].split("store/")[1].split(";")[0]} == {
            "lookalike"
        }


def test_compose_of_several_servers_names_services_and_volumes_that_exist():
    compose = compose_file("compose.servers.yaml")
    services = compose["services"]
    text = TEXTS["compose.servers.yaml"]
    hosts = {one for one in re.findall(r"(?:@|override=|//)([a-z]+)[:/]", text)} - {"lookalike"}
    assert hosts == {"database", "store", "counts"}
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= services.keys(), name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            found = (FOLDER / source).is_file() if "/" in source else source in compose["volumes"]
            assert found, volume
    access = services["server-a"]["environment"]
    assert access["AWS_ACCESS_KEY_ID"] == services["store"]["environment"]["MINIO_ROOT_USER"]
    assert (
        access["AWS_SECRET_ACCESS_KEY"] == services["store"]["environment"]["MINIO_ROOT_PASSWORD"]
    )
    script = services["proxy"]["command"][-1]
    changed = script.partition(" > ")[0].replace("/tmp/lookalike.conf", str(FOLDER / "nginx.conf"))
    done = subprocess.run(changed, shell=True, capture_output=True, text=True, check=True)
    assert "server server-a:8000; server server-b:8000;" in done.stdout
    assert "127.0.0.1" not in done.stdout


def test_the_image_copies_nothing_that_is_made_here():
    ignored = (FOLDER.parents[1] / ".dockerignore").read_text().split()
    assert {".git", ".venv", "var", "**/__pycache__", "**/node_modules"} <= set(ignored)


def test_the_image_runs_as_nobody_special():
    dockerfile = TEXTS["Dockerfile"]
    assert dockerfile.index("USER lookalike") < dockerfile.index('CMD ["lookalike", "serve"]')
    assert "[postgres,metrics,redis]" in dockerfile
