"""The look-alikes of every product as a file: the same as panels, and resumable."""

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from catalog.rules.rule import Rule
from engine.commands.export_similar import export_similar_command
from engine.operations.export import lists as lists_module
from engine.recommendation.request import Request

ROOT = Path(__file__).parents[4]
KILLED_AFTER_TWO = """
import os, signal
from engine.operations.export import lists
from engine.operations.export.draft import Draft
from engine.commands.export_similar import export_similar_command
lists.CHUNK, add, calls = 8, Draft.add, []
def add_and_die(draft, found):
    add(draft, found)
    calls.append(1)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
Draft.add = add_and_die
if __name__ == "__main__":
    export_similar_command()
"""


@pytest.fixture
def export(shop):
    """Runs the command in the shop's home."""

    def run(*arguments, of=shop):
        env = {"LOOKALIKE_HOME": str(of.settings.home)}
        return CliRunner().invoke(
            export_similar_command, [*map(str, arguments), "--workers", "1"], env=env
        )

    return run


def panels(shop, k=12):
    """What the panels of all indexed products show, one by one."""
    recommender = shop.recommender()
    facts = shop.catalogue.all_facts().ids.tolist()
    ids = [one for one in facts if one in recommender.live().row_of]
    found = {
        one: recommender.answer(Request(seeds=(one,), k=k, page="product")).results for one in ids
    }
    return {one: [result.product_id for result in results] for one, results in found.items()}


def read_lines(path):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {one["product_id"]: [other["product_id"] for other in one["similar"]] for one in lines}


def test_lists_are_those_of_the_panels_sold_out_products_included(shop, export, tmp_path):
    out = tmp_path / "similar.jsonl"
    done = export(out, "-k", "5")
    assert done.exit_code == 0, done.output
    expected = panels(shop, 5)
    assert read_lines(out) == expected
    sold_out = [row["id"] for row in shop.rows() if row["availability"] == "out_of_stock"]
    assert any(expected[one] for one in sold_out if one in expected)
    assert not set(sold_out) & {one for found in expected.values() for one in found}
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_csv_and_parquet_have_a_row_for_each_place(shop, export, tmp_path):
    expected = panels(shop)
    for name in ("similar.csv", "similar.parquet"):
        assert export(tmp_path / name).exit_code == 0
    with (tmp_path / "similar.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    table = pq.read_table(tmp_path / "similar.parquet").to_pylist()
    assert len(rows) == len(table) == sum(map(len, expected.values()))
    for row, typed in zip(rows, table, strict=True):
        place = expected[row["product_id"]][int(row["rank"]) - 1]
        assert row["similar_id"] == place == typed["similar_id"]
        assert float(row["score"]) == typed["score"]
        assert row["reasons"] == typed["reasons"]


def test_several_processes_give_the_same_in_the_same_order(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("LOOKALIKE_HOME", str(shop.settings.home))
    monkeypatch.setattr(lists_module, "CHUNK", 8)
    ids = list(panels(shop))
    one, two = (
        [each for some in lists_module.all_look_alikes(shop.settings, ids, 6, n) for each in some]
        for n in (1, 2)
    )
    assert one == two and [each.product_id for each in one] == ids


def test_a_killed_run_goes_on_where_it_was(shop, export, tmp_path, monkeypatch):
    out, script = tmp_path / "similar.jsonl", tmp_path / "killed.py"
    script.write_text(KILLED_AFTER_TWO)
    done = subprocess.run(
        [sys.executable, str(script), str(out), "--workers", "2"],
        env={"LOOKALIKE_HOME": str(shop.settings.home), "PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not out.exists()
    draft = tmp_path / ".similar.jsonl.part"
    with draft.open("ab") as stream:
        stream.write(b'["p0')  # as a kill in the middle of a line leaves it
    known = [json.loads(line)[0] for line in draft.read_bytes().splitlines()[1:-1]]
    assert len(known) == 16
    asked = []
    inner = lists_module.Answerer.look_alikes
    monkeypatch.setattr(
        lists_module.Answerer,
        "look_alikes",
        lambda answerer, one, k: asked.append(one) or inner(answerer, one, k),
    )
    again = export(out)
    assert again.exit_code == 0 and "Goes on: 16 of" in again.stderr
    assert read_lines(out) == panels(shop)
    assert set(asked).isdisjoint(known)
    assert not draft.exists()


def test_what_was_computed_under_other_rules_is_computed_again(new_shop, export, tmp_path):
    shop = new_shop(24)
    shop.reindex()
    out = tmp_path / "similar.jsonl"
    (tmp_path / ".similar.jsonl.part").write_text(
        '{"generation": "another"}\n["p000", "none", []]\n'
    )
    shop.rules.add(Rule.of({"rule_id": "no", "action": "off", "page": "product"}))
    done = export(out, of=shop)
    assert done.exit_code == 0 and "from the start" in done.stderr
    assert set(map(tuple, read_lines(out).values())) == {()}  # the rule switches the panel off
    shop.rules.remove(["no"])
    assert export(out, of=shop).exit_code == 0
    assert read_lines(out) == panels(shop)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["out.txt"], ".csv, .jsonl, .parquet"),
        (["nowhere/out.csv"], "There is no folder"),
        (["out.csv", "-k", "0"], "not in the range"),
    ],
)
def test_what_cannot_be_written_is_said_at_once(export, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    done = export(*arguments)
    assert done.exit_code == 2 and said in done.output
