"""Styles of several homes that share an index."""

import threading

import pytest

from catalog.servers.shared_styles import SharedStyles
from engine.applications.styles.home import copy_shared, open_book, styles_file
from engine.applications.styles.keeping import follow_index, regroup
from engine.applications.styles.styles import Styles
from engine.settings import EngineSettings
from tests.waiting import wait_until


@pytest.fixture
def sharing(new_shop, tmp_path, monkeypatch):
    """A shop, and the settings of another home of its database."""
    shop = new_shop(20)
    shop.reindex()
    monkeypatch.setattr(EngineSettings, "index_is_shared", property(lambda self: True))
    return shop, EngineSettings(home=tmp_path / "other")


def test_what_one_home_stores_the_others_copy(sharing):
    shop, other = sharing
    assert not copy_shared(other, shop.db)
    regroup(shop.settings, shop.catalogue, 4)
    assert copy_shared(other, shop.db) and not copy_shared(other, shop.db)
    assert styles_file(other).read_bytes() == styles_file(shop.settings).read_bytes()


def test_a_home_without_a_file_goes_on_with_the_numbers_of_the_others(sharing):
    shop, _ = sharing
    before, _ = regroup(shop.settings, shop.catalogue, 4)
    styles_file(shop.settings).unlink()
    assert follow_index(shop.settings, shop.catalogue).there
    styles_file(shop.settings).unlink()
    after, found = regroup(shop.settings, shop.catalogue)
    assert found is not None
    assert [one.number for one in after.listed] == [one.number for one in before.listed]


def test_a_server_copies_in_a_thread_and_goes_on_when_that_fails(sharing, monkeypatch, caplog):
    shop, other = sharing
    regroup(shop.settings, shop.catalogue, 4)
    here, seen = threading.current_thread(), []

    def database():
        seen.append(threading.current_thread())
        return shop.db

    book = open_book(other, database)
    wait_until(lambda: book.current() is not None, "the styles are copied")
    assert len(seen) == 1 and here not in seen
    first = book.current()
    monkeypatch.setattr(SharedStyles, "digest", fails)
    failing = open_book(other, database)
    assert failing.current().listed == first.listed
    wait_until(lambda: "cannot be copied" in caplog.text, "it is logged")
    assert failing.current().listed == first.listed


def fails(self):
    raise OSError("the network is down")


def test_a_home_of_its_own_asks_no_database(new_shop):
    shop = new_shop(6)
    shop.reindex()
    regroup(shop.settings, shop.catalogue)
    book = open_book(shop.settings, lambda: 1 / 0)
    assert isinstance(book.current(), Styles)
    assert SharedStyles(shop.db).digest() is None
