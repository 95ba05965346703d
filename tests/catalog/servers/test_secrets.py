"""Secrets in the database: the first one stays."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

from catalog.database.database import Database
from catalog.servers.secrets import shared_secret


def test_the_first_secret_of_a_name_stays(database_url):
    db = Database.open()
    numbers = count()

    def first(_):
        return shared_secret(db, "key", lambda: f"secret {next(numbers)}")

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(first, range(16)))
    assert len(found) == 1
    assert {shared_secret(db, "key", lambda: "another")} == found
    assert shared_secret(db, "password", lambda: "another") == "another"
