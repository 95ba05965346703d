"""The commands ``rules ...``."""

import json

import click
import pytest
from click.testing import CliRunner

from catalog.commands.rules import COMMANDS


@pytest.fixture
def call(db):
    group = click.Group("lookalike", commands=COMMANDS)
    return lambda *arguments: CliRunner().invoke(group, ["rules", *map(str, arguments)])


def test_add_list_and_remove(call):
    added = call("add", "top", "pin", "--product", "p", "--position", "2", "--category", "Tops")
    assert added.exit_code == 0, added.output
    idle = "without effect: product 'p' is not in the catalogue"
    assert added.stdout == f"top\tpin\tp at 2\tTops\t{idle}\n"
    assert "Note: Rule 'top': product 'p' is not in the catalogue." in added.stderr
    where = ["--where", "brand=A", "--where", "brand=B", "--where", "attributes.sleeve=long"]
    ours = ["add", "ours", "boost", *where, "--amount", ".05", "--ends", "2020-01-01"]
    assert call(*ours).exit_code == 0
    assert call("list").stdout.splitlines() == [
        f"top\tpin\tp at 2\tTops\t{idle}",
        "ours\tboost\tbrand=A|B, attributes.sleeve=long by 0.05\teverywhere\t"
        "not in force, ends 2020-01-01T00:00:00Z",
    ]
    assert call("list", "--at", "now").stdout.startswith("top\t")
    assert len(call("list", "--at", "2019-01-01").stdout.splitlines()) == 2
    result = [json.loads(line) for line in call("list", "--json").stdout.splitlines()]
    assert result[1]["where"] == {"brand": ["A", "B"], "attributes.sleeve": ["long"]}
    assert call("remove", "top", "ours").stdout == "Removed 2 rules.\n"
    assert "There are no rules" in call("list").stderr


def test_export_and_import(call, tmp_path):
    call("add", "a", "same", "--field", "brand")
    call("add", "=b", "block", "--product", "p", "--seed", "s")
    file = tmp_path / "rules.csv"
    assert call("export", file).stdout == f"{file} has 2 rules.\n"
    assert file.read_text() == call("export", "-").stdout
    call("remove", "a")
    call("add", "c", "same", "--field", "colour")
    done = call("import", file, "--replace")
    assert f"{file}: 1 added, 0 changed, 1 unchanged, 1 removed\n" in done.stdout
    assert "'s' is not in the catalogue" in done.stderr
    assert file.read_text() == call("export", "-").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "a", "pin", "--product", "p", "--position", "0"], "from 1 to 1,000"),
        (["add", "a", "include", "--where", "bland=x"], "'bland'"),
        (["add", "a", "block", "--product", "p", "--starts", "soon"], "'soon'"),
        (["remove", "a"], "No rule is called 'a'"),
        (["list", "--at", "soon"], "'soon' is not a date"),
        (["import", "nowhere.csv"], "nowhere.csv cannot be read"),
        (["export", "/nowhere/rules.csv"], "No such file"),
    ],
)
def test_errors_are_one_line(call, arguments, message):
    result = call(*arguments)
    assert result.exit_code == 1 and result.stdout == ""
    assert result.stderr.startswith("Error: ") and message in result.stderr
    assert result.stderr.count("\n") == 1


def test_where_is_field_and_value(call):
    result = call("add", "a", "include", "--where", "brand")
    assert result.exit_code == 2 and "not FIELD=VALUE" in result.stderr


def test_no_catalogue_yet(new_database_url):
    group = click.Group("lookalike", commands=COMMANDS)
    result = CliRunner().invoke(group, ["rules", "list"])
    assert result.exit_code == 1 and "lookalike ingest" in result.stderr
