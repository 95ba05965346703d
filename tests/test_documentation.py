"""Checks that the pages match the code: commands, options, settings, routes, files, Python."""

import ast
import importlib
import re
import subprocess
from pathlib import Path

import pytest
from click import Group

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.settings import EngineSettings
from web import create_app
from web.app.settings import WebSettings
from web.cli import main

ROOT = Path(__file__).parents[1]
PAGES = {
    name: (ROOT / name).read_text()
    for name in (
        "README.md",
        "catalog/README.md",
        "engine/README.md",
        "web/README.md",
        "web/kit/README.md",
        "engine/embedding/README.md",
        "engine/index/stores/README.md",
        "engine/models/fashion-lite1/README.md",
        "CHANGELOG.md",
        ".github/CONTRIBUTING.md",
        ".github/SECURITY.md",
    )
}
EVERYTHING = "\n".join(PAGES.values())
SETTINGS = {
    "catalog/README.md": CatalogSettings,
    "engine/README.md": EngineSettings,
    "web/README.md": WebSettings,
}
each_page = pytest.mark.parametrize("name", PAGES)


def commands_in(text: str) -> set[str]:
    return set(re.findall(r"(?:`|    )lookalike ([a-z][a-z-]*)", text))


def blocks_of(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.S)


def test_the_front_page_is_short():
    assert len(PAGES["README.md"].splitlines()) <= 150


@each_page
def test_named_commands_exist(name):
    assert commands_in(PAGES[name]) <= set(main.commands)


def test_the_front_page_names_every_command():
    assert commands_in(PAGES["README.md"]) == set(main.commands)


@each_page
def test_options_of_named_commands_exist(name):
    for command_name, rest in re.findall(r"lookalike ([a-z][a-z-]*)([^\n`]*)", PAGES[name]):
        if command_name not in main.commands:
            continue  # a sentence, not a command
        command = main.commands[command_name]
        if isinstance(command, Group) and rest.split():
            command = command.commands.get(rest.split()[0], command)
        options = {option for p in command.params for option in p.opts}
        for option in re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", rest):
            assert option in options, f"{name}: lookalike {command_name} has no {option}"


def test_every_setting_is_on_its_page_with_default_and_meaning():
    shown = set()
    for page, settings in SETTINGS.items():
        rows = re.findall(r"^\| `LOOKALIKE_([A-Z_]+)` \| ([^|]*) \| ([^|]+) \|$", PAGES[page], re.M)
        fields = settings.model_fields
        for name, default, meaning in rows:
            field = fields[name.lower()]
            assert meaning == field.description, f"{page}: {name}"
            value = "" if field.default is None else str(field.default)
            assert default.strip(" `") == value, f"{page}: {name}"
        new = set(fields) - shown
        assert {name.lower() for name, _, _ in rows} == new, page
        shown |= new


@each_page
def test_named_settings_exist(name):
    known = {f"LOOKALIKE_{f.upper()}" for group in SETTINGS.values() for f in group.model_fields}
    known.add("LOOKALIKE_TEST_POSTGRES_URL")
    assert set(re.findall(r"LOOKALIKE_[A-Z]+(?:_[A-Z]+)*", PAGES[name])) <= known


@each_page
def test_settings_of_examples_are_accepted(name, monkeypatch):
    for setting, value in re.findall(
        r"LOOKALIKE_([A-Z_]+)=(\"[^\"]+\"|'[^']+'|[^\s`]+)", PAGES[name]
    ):
        monkeypatch.setenv(f"LOOKALIKE_{setting}", value.strip("\"'"))
    for settings in SETTINGS.values():
        settings()


def test_the_meaning_of_a_setting_says_how_long_it_must_be():
    for settings in SETTINGS.values():
        for name, field in settings.model_fields.items():
            least = max((getattr(one, "min_length", 1) for one in field.metadata), default=1)
            assert least == 1 or f"{least} " in field.description, name


def test_named_routes_exist(home):
    app = create_app(WebSettings(secret_key="only for this test"))
    rules = {(m, r.rule) for r in app.url_map.iter_rules() for m in r.methods}
    shapes = {(m, re.sub(r"<[^>]+>", "ID", rule)) for m, rule in rules}
    for method, path in re.findall(r"`(GET|POST) (/[^`?]*)`", EVERYTHING):
        assert (method, path) in shapes, f"{method} {path}"


def test_every_route_of_the_api_is_in_the_table(home):
    app = create_app(WebSettings(secret_key="only for this test"))
    named = set(re.findall(r"`(?:GET|POST) (/[^`?]*)`", PAGES["web/README.md"]))
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "ID", rule.rule)
        if path.startswith("/api/v1/") and "docs/" not in path:
            assert path in named, path


@each_page
def test_named_files_exist(name):
    page = PAGES[name]
    for file in re.findall(r"`((?:engine|web|catalog|tests|migrations)/[\w./-]*\w)`", page):
        assert (ROOT / file).exists(), f"{name} names {file}"
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", page):
        path = (ROOT / name).parent / link
        assert path.exists(), f"{name} links to {link}"
        if path.suffix == ".jpg":
            assert path.stat().st_size < 400_000, link


@each_page
def test_linked_headings_exist(name):
    for link, heading in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", PAGES[name]):
        path = (ROOT / name).parent / link if link else ROOT / name
        headings = re.findall(r"^#+ (.*)$", path.read_text(), re.M)
        slugs = {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}
        assert heading in slugs, f"{name} links to {link}#{heading}"


@pytest.mark.parametrize("package", ["catalog", "engine", "web"])
def test_every_room_is_in_the_table(package):
    rooms = {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
    named = set(re.findall(rf"`{package}/(\w+)`", PAGES[f"{package}/README.md"]))
    assert rooms <= named, rooms - named


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"(?:`|    )make ([a-z]+)", EVERYTHING)) <= targets


def test_make_lets_python_keep_what_it_compiles(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    probe = "probe: ; @echo [$$PYTHONDONTWRITEBYTECODE]"
    command = ["make", "--no-print-directory", f"--eval={probe}", "probe"]
    assert subprocess.check_output(command, cwd=ROOT, text=True).strip() == "[]"


def test_recipes_of_make_give_options_that_exist_and_each_once_unless_it_repeats():
    recipes = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    found = re.findall(r"\$\(BIN\)/lookalike ([a-z-]+)([^\n]*)", recipes)
    assert {name for name, _ in found} >= {"train", "train-heads", "calibrate"}
    for name, rest in found:
        options = {option: p for p in main.commands[name].params for option in p.opts}
        given = re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", rest)
        assert set(given) <= set(options), name
        once = [option for option in given if not options[option].multiple]
        assert len(once) == len(set(once)), name


@each_page
def test_python_names_exist(name):
    import engine

    for block in blocks_of(PAGES[name]):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), node.module
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("shop."):
                assert hasattr(engine.Recommender, ast.unparse(node.func).removeprefix("shop."))


def test_a_data_frame_is_ingested_as_documented(monkeypatch, tmp_path):
    monkeypatch.setenv("LOOKALIKE_HOME", str(tmp_path))
    block = next(b for b in blocks_of(PAGES["catalog/README.md"]) if "open_frame" in b)
    exec(compile(block, "README.md", "exec"), {})
    with Database.open(CatalogSettings(home=tmp_path)) as db:
        assert Catalogue(db).product("10001").title == "Red dress"


def test_every_threat_has_a_test_that_exists():
    """The table of threats names tests; each exists under its name."""
    rows = re.findall(
        r"^\| [^|`]+ \| [^|]+ \| [^|]+ \| (`test_[^|]+) \|$", PAGES["web/README.md"], re.M
    )
    named = [name for row in rows for name in re.findall(r"`(test_\w+)`", row)]
    files = (ROOT / "tests").rglob("test_*.py")
    existing = {
        name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)
    }
    assert len(rows) >= 15 and len(named) >= len(rows)
    assert set(named) <= existing, set(named) - existing
