import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from engine.training.reports.charts import POINTS, Plot, charts_of, downsample, draw, known_values
from engine.training.reports.step_log import read_step_log

HEADER = "step,loss,text_loss,spread,learning_rate,photos_per_second,"
HEADER += "loss.type,loss.type_colour,active.type,active.type_colour\n"
ROWS = [f"{n},3.{n},1.{n},0.5,0.0003,200,,,," for n in (1, 2)]
ROWS += [f"{n},2.{n},0,0.{n},0.0001,150,0.{n},0.5,0.9{n},0.25" for n in range(3, 10)]


@pytest.fixture
def log(tmp_path) -> dict[str, np.ndarray]:
    (tmp_path / "steps.csv").write_text(HEADER + "\n".join(ROWS) + "\n")
    return read_step_log(tmp_path / "steps.csv")


def points(svg: str) -> list[np.ndarray]:
    """The points of every drawn path, in the coordinates of the view box."""
    return [
        np.array([[float(x) for x in pair.split()[1:3]] for pair in path.strip().split("\n")])
        for path in re.findall(r'<path d="(M [^"z]*)"', svg)
    ]


def test_the_log_is_read_by_column(log):
    assert log["step"].tolist() == list(range(1, 10))
    assert np.isnan(log["active.type"][:2]).all() and log["active.type"][2] == 0.93


def test_a_run_has_a_chart_of_each_measure(log):
    charts = {chart.title: chart.svg for chart in charts_of(log, contrastive_steps=2)}
    assert list(charts) == [
        "Total loss",
        "Contrastive loss",
        "Active triplets",
        "Triplet loss",
        "Embedding spread",
        "Learning rate",
        "Throughput",
    ]
    active = charts["Active triplets"]
    for word in ("type 99%", "type and colour 25%", "share of triplets", "step", "triplet stage"):
        assert f">{word}</text>" in active
    assert ">photos per second</text>" in charts["Throughput"]
    for svg in charts.values():
        width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
        drawn = np.concatenate(points(svg))
        assert len(drawn) > 10 and (drawn >= 0).all() and (drawn <= [width, height]).all()


def test_a_run_without_steps_has_no_charts():
    assert charts_of({}, 0) == []


def test_a_stage_that_is_not_in_the_log_is_not_marked(log):
    for steps in (0, 9, 20):
        assert all("triplet stage" not in chart.svg for chart in charts_of(log, steps))


def test_charts_can_stand_in_a_page(log):
    for chart in charts_of(log, contrastive_steps=2):
        ElementTree.fromstring(chart.svg)  # one whole element
        assert not re.search(r" id=|xmlns|href|url\(|<style|<defs|http|\?>", chart.svg)
        assert f'aria-label="{chart.title} by step.' in chart.svg


def test_equal_logs_give_equal_charts(log):
    assert charts_of(log, 2) == charts_of(log, 2)


def test_names_of_labels_are_text():
    steps = np.arange(1.0, 4.0)
    svg = draw(steps, Plot("x", "", "", {'<b>"$a$ & \\g': steps}))
    assert "<b>" not in svg and "&lt;b&gt;" in svg and "$a$ &amp; \\g" in svg
    ElementTree.fromstring(svg)


def test_what_was_never_measured_is_left_out():
    curves = {"a": np.full(4, np.nan), "b": np.array([1, np.nan, 3, 4.0])}
    assert list(known_values(Plot("x", "", "", curves)).curves) == ["b"]


def test_a_single_value_is_a_dot_and_zero_is_in_sight():
    svg = draw(np.array([7.0]), Plot("x", "", "photos", {"": np.array([5.0])}))
    assert "last value 5<" in svg and "stroke-width: 5" in svg
    near = draw(np.arange(1.0, 4.0), Plot("x", "", "", {"": np.array([10.0, 30.0, 20.0])}))
    far = draw(np.arange(1.0, 4.0), Plot("x", "", "", {"": np.array([110.0, 130.0, 120.0])}))
    assert ">0</text>" in near and ">0</text>" not in far


def test_many_curves_differ_in_colour_or_dashes():
    steps = np.arange(1.0, 4.0)
    svg = draw(steps, Plot("x", "", "", {f"label {n}": steps + n for n in range(12)}))
    styles = re.findall(r'style="(fill: none;[^"]*stroke-width: 1.6[^"]*)"', svg)
    assert len(set(styles)) == 12


def test_long_curves_are_averaged_down():
    steps = np.arange(10 * POINTS, dtype=float)
    x, y = downsample(steps, 2 * steps)
    assert len(x) == POINTS
    np.testing.assert_allclose(y, 2 * x)
    assert x[0] == steps[:10].mean()
