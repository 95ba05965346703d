"""Leases: one holder at a time, by the database's clock, and fenced."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from catalog.database.database import Database
from catalog.servers.leases import Leases
from tests.databases import only_postgresql

pytestmark = only_postgresql
LONG = 600.0


@pytest.fixture
def db(database_url):
    return Database.open()


def expire(db, name):
    """As if the time of a lease were over, by the database's clock."""
    with db.write() as connection, connection.begin():
        ago = text("UPDATE leases SET until = clock_timestamp() - interval '1 ms' WHERE name = :n")
        connection.execute(ago, {"n": name})


def test_one_holds_a_lease_and_the_other_gets_it_when_it_is_given_back(db):
    one, other = Leases(db, "one"), Leases(db, "other")
    held = one.take("watch", LONG)
    assert other.take("watch", LONG) is None
    assert one.take("watch", LONG) is None  # nor does its holder get it twice
    assert other.take("another", LONG) is not None
    assert one.holder("watch").holder == "one"
    assert LONG - 60 < one.holder("watch").seconds <= LONG
    one.give_back(held)
    assert one.holder("watch") is None
    assert other.take("watch", LONG).fence > held.fence


def test_a_lease_that_was_not_renewed_goes_to_another_and_its_holder_cannot_go_on(db):
    one, other = Leases(db, "one"), Leases(db, "other")
    held = one.take("watch", LONG)
    expire(db, "watch")
    assert one.renew(held, LONG)  # nobody took it
    expire(db, "watch")
    taken = other.take("watch", LONG)
    assert taken.fence == held.fence + 1
    assert not one.renew(held, LONG)
    one.give_back(held)
    assert other.holder("watch").holder == "other"
    assert other.renew(taken, LONG)


def test_holders_are_listed_with_when_they_took_the_lease(db):
    one = Leases(db, "machine:1")
    one.take("watch a", LONG)
    one.give_back(one.take("watch b", LONG))
    one.take("hooks", LONG)
    found = one.holders("watch ")
    assert found.keys() == {"watch a"} and found["watch a"].holder == "machine:1"
    with db.read() as connection:
        now = connection.scalar(text("SELECT clock_timestamp()"))
    assert timedelta(seconds=-1) <= now - found["watch a"].since < timedelta(seconds=LONG)
    with db.write() as connection, connection.begin():
        connection.execute(text("UPDATE leases SET holder = 'earlier'"))
    assert (one.holder("hooks").holder, one.holder("hooks").since) == ("earlier", None)


def test_of_many_that_ask_at_once_one_gets_it(db):
    leases = [Leases(db, str(number)) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda one: one.take("watch", LONG), leases))
    assert len([lease for lease in taken if lease]) == 1


def test_holders_that_name_nothing_differ(db):
    names = set()
    for _ in range(2):
        lease = Leases(db).take("watch", LONG)
        names.add(lease.holder)
        expire(db, "watch")
    assert len(names) == 2
