"""Styles beside what visitors wanted: counts by a slow twin, verdicts, and the command."""

import csv
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from click.testing import CliRunner

from catalog.events.event import EventKind
from catalog.events.log import EventLog
from catalog.events.product_counts import ProductCount, ProductCounts
from catalog.events.report import VIEWED
from catalog.utc import utc_now
from engine.applications.styles.build import find_styles
from engine.applications.styles.home import styles_file
from engine.applications.styles.range_numbers import NUMBERS, Verdict, range_numbers
from engine.commands.applications.gaps import gaps_command
from engine.commands.applications.report import report_with_styles
from engine.index.generation import open_live
from tests.catalog.events.event_rows import answer, event

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def styles(shop):
    return find_styles(open_live(shop.settings.index_dir), shop.catalogue, 6)


def counts(by_id):
    return ProductCounts(NOW - timedelta(days=9), NOW, VIEWED, by_id)


def facts_of(shop, without=()):
    """The facts of the shop, where all products but some can be bought."""
    facts = shop.catalogue.all_facts()
    available = ~np.isin(facts.ids.astype(str), list(without))
    return type(facts)(
        **{n: available if n == "available" else getattr(facts, n) for n in type(facts).__slots__}
    )


def places(styles, wanted_of):
    """1,000 seen places of each product; ``wanted_of``: how many of these, by place of a style."""
    return {
        one: ProductCount(1_100, 1_000, wanted_of(at), wanted_of(at))
        for at, style in enumerate(styles.listed)
        for one in styles.members(style)
    }


def test_numbers_of_a_style_are_the_sums_of_its_products(shop, styles):
    random = np.random.default_rng(2)
    ids = styles.ids.tolist()
    by_id = {one: ProductCount(*random.integers(0, 9, len(NUMBERS)).tolist()) for one in ids[::2]}
    by_id["gone"] = ProductCount(7, 7, 7)
    sold_out = ids[:7]
    found = range_numbers(styles, facts_of(shop, sold_out), counts(by_id))
    for one in found.styles:
        members = styles.members(one.style)
        for name in NUMBERS:
            expected = sum(getattr(by_id[i], name) for i in members if i in by_id)
            assert getattr(one.counts, name) == expected
        on_sale = [i for i in members if i not in sold_out]
        shown = [i for i in on_sale if i in by_id and by_id[i].shown]
        assert (one.products, one.coverage.of) == (len(on_sale), len(on_sale))
        assert one.coverage.hits == len(shown)
    assert found.average == pytest.approx((len(ids) - 7) / len(styles))


def test_gini_is_the_mean_difference_of_all_pairs(shop, styles):
    random = np.random.default_rng(4)
    shown = random.integers(0, 50, len(styles.ids))
    ids = styles.ids.tolist()
    by_id = {one: ProductCount(int(n)) for one, n in zip(ids, shown, strict=True)}
    found = range_numbers(styles, facts_of(shop), counts(by_id))
    pairs = np.abs(shown[:, None] - shown[None, :]).mean()
    assert found.gini == pytest.approx(pairs / (2 * shown.mean()))
    even = {one: ProductCount(3) for one in ids}
    assert range_numbers(styles, facts_of(shop), counts(even)).gini == pytest.approx(0)


def test_few_wanted_products_are_a_gap_and_many_unwanted_a_glut(shop, styles):
    last = len(styles) - 1
    rates = {0: 10, last: 150}
    found = range_numbers(
        styles, facts_of(shop), counts(places(styles, lambda at: rates.get(at, 50)))
    )
    assert [one.style for one in found.of(Verdict.GAP)] == [styles.listed[last]]
    assert [one.style for one in found.of(Verdict.GLUT)] == [styles.listed[0]]
    opposite = {0: 150, last: 10}
    other = range_numbers(
        styles, facts_of(shop), counts(places(styles, lambda at: opposite.get(at, 50)))
    )
    assert [one.style for one in other.of(Verdict.STRONG)] == [styles.listed[0]]
    assert [one.style for one in other.of(Verdict.WEAK)] == [styles.listed[last]]


def test_a_wanted_style_that_is_sold_out_is_a_gap(shop, styles):
    gone = styles.members(styles.listed[0])
    found = range_numbers(
        styles, facts_of(shop, gone), counts(places(styles, lambda at: 50 if at else 150))
    )
    assert [(one.style, one.products) for one in found.of(Verdict.GAP)] == [(styles.listed[0], 0)]
    assert found.styles[0].coverage.of == 0
    assert found.shown_styles.of == len(styles) - 1


def test_a_style_without_any_click_is_a_glut_but_not_one_that_was_not_seen(shop, styles):
    by_id = places(styles, lambda at: 50 * (at > 0))
    for one in styles.members(styles.listed[1]):
        del by_id[one]
    found = range_numbers(styles, facts_of(shop), counts(by_id))
    assert [one.style for one in found.of(Verdict.GLUT)] == [styles.listed[0]]
    assert [one.style for one in found.of(Verdict.UNCLEAR)] == [styles.listed[1]]
    assert found.shown_styles.hits == len(styles) - 1


def test_without_events_nothing_is_judged(shop, styles):
    found = range_numbers(styles, facts_of(shop), counts({}))
    assert found.usual is None and found.gini is None and found.tenth_shown == 0
    assert {one.verdict for one in found.styles} == {Verdict.UNCLEAR}
    assert json.loads(json.dumps(found.as_json()))["styles"][0]["wanted_rate"] is None


def run(shop, *arguments, command=gaps_command):
    env = {"LOOKALIKE_HOME": str(shop.settings.home)}
    return CliRunner().invoke(command, arguments, env=env, catch_exceptions=False)


def test_the_command_says_what_is_missing_then_lists_gaps_and_gluts(new_shop, tmp_path):
    shop = new_shop(30)
    shop.reindex()
    assert "Run `lookalike clusters`" in run(shop).stderr
    assert json.loads(run(shop, "--json", command=report_with_styles).stdout)["styles"] is None
    assert "Coverage by style" not in run(shop, command=report_with_styles).stdout
    styles = find_styles(open_live(shop.settings.index_dir), shop.catalogue, 4)
    styles.save(styles_file(shop.settings))
    assert "POST them to /api/v1/events" in run(shop).stdout
    now, log, entries = utc_now(), EventLog(shop.db), []
    for at, style in enumerate(styles.listed):
        for number in range(100):
            shown = styles.members(style, most=5)
            entries.append(answer(1_000 * at + number, *shown, at=now))
            for one in shown:
                entries.append(event(EventKind.VIEW, 1_000 * at + number, one, now))
                if number % (3 if at == len(styles) - 1 else 25) == 0:
                    entries.append(event(EventKind.CLICK, 1_000 * at + number, one, now))
    log.write(entries)
    out = tmp_path / "range.csv"
    text = run(shop, "--csv", str(out)).stdout
    last = styles.listed[-1]
    assert f"{last.name}" in text[text.index("Gaps") : text.index("Gluts")]
    with out.open(encoding="utf-8", newline="") as stream:
        assert [row["verdict"] for row in csv.DictReader(stream)][-1] == "gap"
    found = json.loads(run(shop, "--json", "--days", "1").stdout)
    assert found["styles"][-1]["clicks"] == 34 * min(5, last.size)
    report = run(shop, "--json", command=report_with_styles).stdout
    covered = json.loads(report)["styles"]["styles"]
    facts = shop.catalogue.all_facts()
    sold = set(facts.ids[facts.available].tolist())
    assert [one["hits"] for one in covered] == [
        len(sold & {*styles.members(one, most=5)}) for one in styles.listed
    ]
    text = run(shop, command=report_with_styles).stdout
    assert f"ever shown     {100:5.1f}%" in text and last.name in text
    assert run(shop, "--csv", "/nowhere/x.csv").exit_code == 2
    assert run(shop, "--days", "0").exit_code == 2
