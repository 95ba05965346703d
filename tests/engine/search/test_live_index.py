import logging

from engine.errors import StoreError
from engine.index.stores.annoy import AnnoyStore
from engine.search.live_index import LiveIndex
from tests.engine.generations import publish


class NoFacts:
    """A catalogue that is never read."""


def test_a_new_generation_is_served_at_once_and_the_old_mapping_still_works(tmp_path):
    first = publish(tmp_path)
    index = LiveIndex(tmp_path / "index", NoFacts())
    old = index.current()
    assert old.generation.name == first.name and index.current() is old
    second = publish(tmp_path, count=70, seed=1)
    new = index.current()
    assert new.generation.name == second.name and len(new.generation.ids) == 70
    assert index.current() is new
    query = old.generation.vectors[3]
    assert old.generation.index.nearest(query, 5, 250)[0] == 3


def test_a_broken_newcomer_is_logged_once_and_passed_over(tmp_path, caplog):
    first = publish(tmp_path)
    index = LiveIndex(tmp_path / "index", NoFacts())
    assert index.current().generation.name == first.name
    second = publish(tmp_path, seed=1)
    (tmp_path / "index" / second.name / "index.ann").write_bytes(b"x")
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert index.current().generation.name == first.name
    assert len(caplog.records) == 1 and first.name in caplog.text
    third = publish(tmp_path, seed=2)
    assert index.current().generation.name == third.name


def test_a_store_that_does_not_answer_is_logged_once_each_time_it_is_gone(tmp_path, caplog):
    class Store(AnnoyStore):
        gone = False

        def follow(self, index_dir):
            if self.gone:
                raise StoreError("The database does not answer.")

    first, store = publish(tmp_path), Store()
    index = LiveIndex(tmp_path / "index", NoFacts(), store)
    index.current()
    for times in (1, 2):
        store.gone = True
        for _ in range(5):
            assert index.current().generation.name == first.name
        assert len(caplog.records) == times
        store.gone = False
        index.current()


def test_others_go_on_with_the_old_one_while_one_request_loads(tmp_path, monkeypatch):
    first = publish(tmp_path)
    index = LiveIndex(tmp_path / "index", NoFacts())
    index.current()
    second = publish(tmp_path, seed=1)
    seen = []
    load = index._load

    def slow(stamp):
        seen.append(index.current().generation.name)  # another request, meanwhile
        return load(stamp)

    monkeypatch.setattr(index, "_load", slow)
    assert index.current().generation.name == second.name
    assert seen == [first.name]
