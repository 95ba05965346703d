"""`make bench` runs all comparisons, and prints one table of them."""

import subprocess
from importlib import import_module
from importlib.util import find_spec

import pytest

from tests.benchmarks import __main__ as comparisons
from tests.benchmarks import mining
from tests.benchmarks.__main__ import NAMES, main
from tests.benchmarks._table import TINY, Case, Row, table
from tests.engine.encoders.runtime.test_runtime import trained
from tests.engine.shop import open_shop

PEERS = {
    "encode": {
        "naive open_clip loop",
        "lookalike, torch",
        "limit: ONNX Runtime, network alone",
        "OpenVINO f32, network alone",
        "OpenVINO bf16, network alone",
        "ONNX Runtime int8, network alone",
    },
    "index": {"exact scan", "hnswlib", "faiss HNSW", "usearch"},
    "mining": {"pytorch-metric-learning"},
    "step": {"plain sum as loss", "whole step"},
    "recommend": {"loop", "over-fetch"},
    "web_load": {"plain Flask route"},
}


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    shop = open_shop(tmp_path_factory.mktemp("bench"), 24, min_recall=0)
    shop.reindex()
    shop.db.close()
    return shop.settings.home


def peers(rows):
    return {row.peer.partition(", 1.")[0].partition(", 0.")[0] for row in rows}


@pytest.mark.parametrize("name", ["encode", "mining", "step"])
def test_a_comparison_of_encoding_or_training_names_all_its_peers(
    name, indexed, tmp_path, monkeypatch
):
    monkeypatch.setenv("LOOKALIKE_ENCODER", trained(tmp_path / "model"))
    monkeypatch.setattr(mining, "in_own_process", mining.measure)  # torch is loaded here already
    rows = list(import_module(f"tests.benchmarks.{name}").compared(Case(TINY, indexed, 1)))
    assert peers(rows) == PEERS[name]
    assert all(row.ours >= 0 for row in rows)
    missing = {row.peer for row in rows if row.theirs is None}
    assert find_spec("openvino") or name != "encode" or len(missing) == 2


def test_all_comparisons_are_in_one_table(indexed, capsys):
    chosen = ("index", "recommend", "web_load")
    options = [part for name in chosen for part in ("--only", name)]
    assert main([str(indexed), "--tiny", "--threads", "1", *options]) == 0
    printed = capsys.readouterr().out
    heads = [line for line in printed.splitlines() if line.startswith("measured ")]
    assert len(heads) == 1 and "not as" not in printed
    for name in chosen:
        for peer in PEERS[name]:
            assert peer in printed
    assert set(PEERS) == set(NAMES)


def test_a_comparison_that_fails_is_named_and_the_others_are_shown(capsys, monkeypatch):
    def measured(name, case):
        if name == "recommend":
            raise subprocess.CalledProcessError(1, name)
        yield Row("query, ms", 2.0, "exact scan", 1.0, False)

    monkeypatch.setattr(comparisons, "measured", measured)
    assert main(["home", "--only", "recommend", "--only", "index"]) == 1
    printed = capsys.readouterr().out
    assert "exact scan" in printed and "Failed, see above: recommend." in printed


def test_ratios_say_how_many_times_as_good_ours_is():
    rows = [
        Row("photos/s", 60.0, "slow loop", 30.0),
        Row("photos/s", 60.0, "absent", None),
        Row("ms", 2.0, "fast scan", 1.0, False),
    ]
    assert [row.ratio for row in rows] == [2.0, None, 0.5]
    assert [line.split() for line in table(rows)] == [
        ["measured", "ours", "peer", "peer's", "ratio"],
        ["photos/s", "60", "slow", "loop", "30", "2.00x"],
        ["absent", "not", "installed"],
        ["ms", "2", "fast", "scan", "1", "0.50x"],
    ]
