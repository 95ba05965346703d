"""What the README says is true: commands, options, settings, routes, files and Python."""

import ast
import importlib
import re
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
README = (ROOT / "README.md").read_text()
COMMANDS = sorted(set(re.findall(r"(?:`|    )lookalike ([a-z]+)", README)))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_named_command_exists(name):
    assert name in main.commands


def test_every_command_is_named():
    assert set(main.commands) <= set(COMMANDS)


def test_options_of_named_commands_exist():
    for name, rest in re.findall(r"lookalike ([a-z]+)([^\n`]*)", README):
        command = main.commands[name]
        if isinstance(command, Group) and rest.split():
            command = command.commands[rest.split()[0]]
        options = {option for p in command.params for option in p.opts}
        for option in re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", rest):
            assert option in options, f"lookalike {name} has no {option}"


def settings() -> dict[str, tuple[str, str]]:
    found = {}
    for group in (CatalogSettings, EngineSettings, WebSettings):
        for name, field in group.model_fields.items():
            found[f"LOOKALIKE_{name.upper()}"] = (str(field.default), field.description or "")
    return found


def test_every_setting_is_told_with_its_meaning():
    rows = dict(re.findall(r"^\| `(LOOKALIKE_[A-Z_]+)` \| [^|]* \| ([^|]+) \|$", README, re.M))
    assert rows == {name: meaning for name, (_, meaning) in settings().items()}


def test_named_routes_exist(home):
    app = create_app(WebSettings(secret_key="only for this test"))
    rules = {(m, r.rule) for r in app.url_map.iter_rules() for m in r.methods}
    shapes = {(m, re.sub(r"<[^>]+>", "ID", rule)) for m, rule in rules}
    for method, path in re.findall(r"`(GET|POST) (/[^`?]*)`", README):
        assert (method, path) in shapes, f"{method} {path}"


def test_named_files_exist():
    for name in re.findall(r"`((?:engine|web|catalog|tests)/[\w./-]+)`", README):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"\]\((web/screenshots/[\w.-]+)\)", README):
        assert (ROOT / name).stat().st_size < 400_000, name


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"(?:`|    )make ([a-z]+)", README)) <= targets


def test_python_names_exist():
    import engine

    for block in re.findall(r"```python\n(.*?)```", README, re.S):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), node.module
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("shop."):
                assert hasattr(engine.Recommender, ast.unparse(node.func).removeprefix("shop."))


def test_a_data_frame_is_ingested_as_told(monkeypatch, tmp_path):
    monkeypatch.setenv("LOOKALIKE_HOME", str(tmp_path))
    block = next(b for b in re.findall(r"```python\n(.*?)```", README, re.S) if "open_frame" in b)
    exec(compile(block, "README.md", "exec"), {})
    with Database.open(CatalogSettings(home=tmp_path)) as db:
        assert Catalogue(db).product("10001").title == "Red dress"


def test_every_threat_has_a_test_that_exists():
    """The table of threats names tests; each is there under its name."""
    rows = re.findall(r"^\| [^|`]+ \| [^|]+ \| [^|]+ \| (`test_[^|]+) \|$", README, re.M)
    named = [name for row in rows for name in re.findall(r"`(test_\w+)`", row)]
    files = (ROOT / "tests").rglob("test_*.py")
    there = {
        name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)
    }
    assert len(rows) >= 15 and len(named) >= len(rows)
    assert set(named) <= there, set(named) - there
