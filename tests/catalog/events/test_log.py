"""Entries count once, old ones are pruned, and best sellers are what most visitors bought."""

from datetime import timedelta

import pytest
from sqlalchemy import event as hooks
from sqlalchemy import func, select

from catalog.database.event_models import AnswerRow, AnswerRuleRow, EventRow, LossRow, ShownRow
from catalog.errors import DatabaseError
from catalog.events import unmatched
from catalog.events.best_sellers import CACHE_SECONDS, BestSellers
from catalog.events.event import DroppedCounts, facets_text
from catalog.events.log import EventLog
from catalog.utc import utc_now
from tests.catalog.events.event_rows import NOON, answer, event, name, put_products

TABLES = (AnswerRow, ShownRow, AnswerRuleRow, EventRow, LossRow)


@pytest.fixture
def log(db):
    return EventLog(db)


def rows(db, *columns, by=None):
    with db.read() as connection:
        found = connection.execute(select(*columns).order_by(*(by or columns)))
        return [tuple(row) for row in found]


def counts(db):
    with db.read() as connection:
        return [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in TABLES
        ]


def test_an_answer_is_stored_with_all_fields_of_a_report(db, log):
    put_products(db, [("t1", "Tops > T-shirts", "in_stock", False)])
    given = answer(
        1, "a", "b", "c", seeds=("t1",), rules={"b": "push-b"}, facets="colour:2",
        fallback="relaxed-filter", visitor="v" * 32, experiment="x", arm="y",
    )  # fmt: skip
    log.write([given])
    kept = AnswerRow
    columns = (kept.category, kept.facets, kept.fallback, kept.size, kept.visitor)
    assert rows(db, kept.query_id, *columns, kept.experiment, kept.arm) == [
        (name(1), "Tops > T-shirts", "colour:2", "relaxed-filter", 3, "v" * 32, "x", "y")
    ]
    assert rows(db, ShownRow.position, ShownRow.product_id, ShownRow.rule_id) == [
        (1, "a", None), (2, "b", "push-b"), (3, "c", None),
    ]  # fmt: skip
    assert rows(db, AnswerRuleRow.rule_id) == [("push-b",)]


def test_the_category_is_the_one_that_all_seeds_share(db, log):
    put_products(
        db,
        [
            ("t1", "Tops", "in_stock", False),
            ("t2", "Tops", "in_stock", True),
            ("d1", "Dresses", "in_stock", False),
            ("n1", None, "in_stock", False),
        ],
    )
    seeds_of = [("t1", "t2"), ("t1", "d1"), ("n1",), ("gone",), (), ("t1", "n1")]
    log.write([answer(number, "a", seeds=seeds) for number, seeds in enumerate(seeds_of)])
    categories = rows(db, AnswerRow.query_id, AnswerRow.category)
    assert [category for _, category in categories] == ["Tops", None, None, None, None, None]


def test_the_same_twice_counts_once(db, log):
    batch = [
        answer(1, "a", "b", rules={"a": "r"}),
        event("view", 1, "a"), event("click", 1, "a"), event("view", 1, "b"),
    ]  # fmt: skip
    log.write(batch)
    log.write(batch)
    log.write([*batch, *batch])
    later = NOON + timedelta(hours=1)
    log.write([answer(1, "z", "y", "x"), event("click", 1, "a", later, position=9)])
    assert counts(db) == [1, 2, 1, 3, 0]
    kept = rows(db, EventRow.kind, EventRow.product_id, EventRow.position)
    assert kept == [("click", "a", None), ("view", "a", None), ("view", "b", None)]


def test_products_of_any_name_are_written_by_one_call(db, log):
    ids = ['a"b', "c\\d", "é/ü", "1", "null", "e'f", "\U0001f457"]
    calls = []

    def count(connection, cursor, statement, parameters, context, many):
        if "INSERT INTO answer_products" in statement:
            calls.append(many)

    hooks.listen(db.engine, "before_cursor_execute", count)
    log.write([answer(number, *ids, rules={"1": "r"}) for number in range(5)])
    if db.engine.dialect.name == "sqlite":  # psycopg sends many rows at once
        assert calls == [False]
    found = rows(db, ShownRow.query_id, ShownRow.position, ShownRow.product_id, ShownRow.rule_id)
    assert found == [
        (name(number), place, one, "r" if one == "1" else None)
        for number in range(5)
        for place, one in enumerate(ids, 1)
    ]


def test_an_event_may_come_before_its_answer(db, log):
    log.write([event("click", 1, "a")])
    log.write([answer(1, "a")])
    assert counts(db) == [1, 1, 0, 1, 0]


def test_an_event_whose_answer_never_comes_is_kept_for_an_hour(db, log):
    log.write(
        [answer(1, "a"), event("click", 1, "a"), event("view", 2, "a"), event("cart", 2, "b")]
    )
    assert not log.prune_unmatched(NOON + timedelta(minutes=60))
    assert counts(db)[3] == 3
    assert log.prune_unmatched(NOON + timedelta(minutes=62), limit=1)
    assert not log.prune_unmatched(NOON + timedelta(minutes=62), limit=1)
    assert rows(db, EventRow.query_id) == [(name(1),)]


def test_events_of_unknown_answers_have_a_limit_in_the_log(db, log, monkeypatch):
    monkeypatch.setattr(unmatched, "MAX_UNMATCHED", 5)
    log.write([answer(1, "a")])
    assert log.write([event("view", number, "x") for number in range(2, 10)]) == 3
    assert log.write([event("click", 1, "a"), event("view", 11, "x")]) == 1
    assert counts(db)[3] == 6
    assert EventLog(log.db).write([event("view", 12, "x")]) == 1  # another process counts them
    assert log.write([event("click", 13, "b"), answer(13, "b")]) == 0
    assert counts(db)[3] == 7


def test_an_answer_has_a_limited_number_of_events(db, log, monkeypatch):
    monkeypatch.setattr(unmatched, "MAX_OF_ANSWER", 4)
    log.write([answer(1, "a")])
    assert log.write([event("view", 1, f"no {number}") for number in range(3)]) == 0
    assert log.write([event("cart", 1, f"no {number}") for number in range(3)]) == 2
    assert counts(db)[3] == 4


def test_a_batch_is_written_whole_or_not_at_all(db, log):
    broken = answer(2, "b", fallback=None)  # NOT NULL
    with pytest.raises(DatabaseError):
        log.write([event("click", 1, "a"), answer(1, "a"), broken])
    assert counts(db) == [0, 0, 0, 0, 0]


def test_a_batch_takes_few_statements(db, log):
    statements = []
    hooks.listen(db.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    log.write(
        [answer(n, "a", "b", "c", rules={"a": "r"}) for n in range(200)]
        + [event("view", n, "a") for n in range(200)]
    )
    assert len(statements) < 15


def test_old_entries_are_pruned_in_batches(db, log):
    old, new = NOON - timedelta(days=100), NOON
    log.write([answer(n, "a", "b", at=old, rules={"a": "r"}) for n in range(7)])
    between = NOON - timedelta(days=80)  # shows that the time has really passed
    log.write([answer(7, "a", "b", at=between, rules={"a": "r"})])
    log.write([answer(n, "a", "b", at=new, rules={"a": "r"}) for n in range(8, 10)])
    log.write([event("click", n, "a", old if n < 7 else new) for n in range(10)])
    log.write([event("cart", 3, "a", new)])
    log.write([DroppedCounts(old, 1, 2), DroppedCounts(new, 3, 4)])
    before = NOON - timedelta(days=90)
    assert log.prune(before, limit=5)
    assert counts(db)[:4] == [5, 10, 5, 6]
    assert not log.prune(before, limit=5)
    assert counts(db) == [3, 6, 3, 4, 1]
    assert not log.prune(before, limit=5)
    assert counts(db) == [3, 6, 3, 4, 1]
    assert min(rows(db, AnswerRow.at))[0].replace(tzinfo=None) == between.replace(tzinfo=None)


def test_a_clock_that_is_a_year_ahead_does_not_empty_the_log(db, log):
    """What was written minutes ago stays, whatever is written while the clock is wrong."""
    log.write([answer(n, "a", at=NOON - timedelta(days=n)) for n in range(100)])
    ahead = NOON + timedelta(days=400)
    log.write([answer(100, "a", at=ahead)])
    assert not log.prune(ahead - timedelta(days=90))
    assert counts(db)[0] == 101
    log.prune(NOON - timedelta(days=90))  # the clock is right again
    assert counts(db)[0] == 92


def test_best_sellers_are_what_most_visitors_bought(db, log):
    now = utc_now()
    put_products(
        db,
        [(one, "Tops > T-shirts", "in_stock", False) for one in ("t1", "t2", "t3")]
        + [("d1", "Dresses", "in_stock", False), ("n1", None, "in_stock", False)]
        + [("x1", "Tops", "out_of_stock", False), ("x2", "Tops", "in_stock", True)]
        + [("y1", "Topsy", "in_stock", False)],
    )
    log.write([answer(n, "a", at=now) for n in range(20)])
    log.write([answer(n, "a", at=now, visitor="0" * 32) for n in range(20, 26)])
    bought = {
        "t2": [0, 1, 2], "t1": [3, 4], "d1": [5, 6, 7, 8], "x1": range(9), "x2": range(9),
        "t3": range(20, 26),  # six times by one visitor
        "n1": [900, 901, 902, 903, 904],  # of answers that never were
        "y1": [1],
    }  # fmt: skip
    for product_id, numbers in bought.items():
        log.write([event("purchase", number, product_id, now) for number in numbers])
    log.write([event("cart", number, "t1", now) for number in range(15)])
    log.write(
        [event("purchase", number, "t1", now - timedelta(days=91)) for number in range(9, 15)]
    )
    best = BestSellers(lambda: log)
    assert best(None, 10) == ["d1", "t2", "t1", "t3", "y1"]
    assert best(None, 2) == ["d1", "t2"]
    assert best("Tops", 10) == ["t2", "t1", "t3"]
    assert best("Tops > T-shirts", 1) == ["t2"]
    assert best("Trousers", 10) == []


def test_best_sellers_are_cached(db, log):
    now, time = utc_now(), [0.0]
    put_products(db, [("t1", "Tops", "in_stock", False)])
    best = BestSellers(lambda: log, clock=lambda: time[0])
    assert best(None, 1) == []
    log.write([answer(1, "t1", at=now), event("purchase", 1, "t1", now)])
    assert best(None, 1) == []
    time[0] = CACHE_SECONDS
    assert best(None, 1) == ["t1"]


def test_without_a_log_there_are_no_best_sellers(caplog):
    def fail():
        raise DatabaseError("it is gone")

    best = BestSellers(fail)
    assert best("Tops", 3) == []
    assert best(None, 3) == []
    assert caplog.text.count("it is gone") == 1


def test_a_facet_setting_has_one_text():
    assert facets_text(None) == facets_text({}) == ""
    assert facets_text({"shape": 1, "colour": 2.0}) == facets_text({"colour": 2, "shape": 1.0})
    assert facets_text({"colour": 1 / 3}) == "colour:0.333"
