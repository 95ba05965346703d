"""`lookalike report`, as text and as JSON."""

import json

from click.testing import CliRunner

from catalog.commands.report import report_command
from catalog.events.event import DroppedCounts
from catalog.events.log import EventLog
from catalog.utc import utc_now
from tests.catalog.events.event_rows import answer, event, put_products


def put_log(db):
    now, log = utc_now(), EventLog(db)
    put_products(
        db,
        [
            ("a", "Tops", "in_stock", False),
            ("b", "Tops", "in_stock", False),
            ("c", "Tops", "out_of_stock", False),
        ],
    )
    for number in range(10):
        arm = {"experiment": "mix", "arm": ("control", "more")[number % 2]}
        log.write(
            [
                answer(
                    number, "a", at=now, seeds=("c",), rules={"a": "push"}, facets="colour:2",
                    visitor=f"{number:032x}", **arm,
                ),
                event("view", number, "a", now),
            ]
        )  # fmt: skip
    log.write([event("click", number, "a", now) for number in (1, 3, 4)])
    log.write([answer(10, at=now, fallback="nothing"), DroppedCounts(now, 4, 5)])


def run(*options):
    return CliRunner().invoke(report_command, options)


def test_it_prints_rates_with_their_intervals(db):
    put_log(db)
    result = run()
    assert result.exit_code == 0
    assert "click rate     30.0% (10.8 to 60.3) of 10 shown panels" in result.output
    assert "coverage       50.0% (9.5 to 90.5) of 2 products for sale" in result.output
    assert "fell back       9.1% (1.6 to 37.7) of 11 answers" in result.output
    assert "lost          4 answers, 5 events" in result.output
    assert "Experiment: mix" in result.output
    assert "against control +20.0 points" in result.output
    for name in ("By position", "By rule", "push", "By facet setting", "colour:2", "Tops"):
        assert name in result.output


def test_it_prints_json(db):
    put_log(db)
    result = json.loads(run("--json", "--days", "2").output)
    assert result["click_rate"]["share"] == 0.3
    assert result["rules"][0]["own"]["hits"] == 3
    assert result["experiments"][0]["arms"][1]["difference"] == 0.2
    assert result["lost"] == {"answers": 4, "events": 5}


def test_it_prints_a_report_of_nothing(db):
    assert "–" in run().output


def test_without_a_catalogue_it_says_what_to_do(new_database_url):
    result = run()
    assert result.exit_code == 1
    assert "lookalike ingest" in result.stderr


def test_days_are_bounded(db):
    assert run("--days", "0").exit_code == 2
