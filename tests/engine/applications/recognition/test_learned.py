"""What recognition learned is kept beside the index, and is harmless when it is lost or damaged."""

import logging
from types import SimpleNamespace

import pytest

from engine.applications.recognition import learned
from engine.applications.recognition.learned import FILE, LearnedBook
from engine.applications.recognition.recogniser import Recogniser
from engine.applications.recognition.words import KnownWords
from engine.settings import EngineSettings
from tests.engine.applications.recognition.test_recogniser import world

__all__ = ["world"]


@pytest.fixture
def settings(tmp_path):
    return EngineSettings(home=tmp_path)


@pytest.fixture
def words(world):
    products = world.products
    catalogue = SimpleNamespace(products=lambda ids: {one: products[one] for one in ids})
    return KnownWords(catalogue, world.generation)


@pytest.fixture
def trials(monkeypatch):
    """How often it was learned."""
    seen = []
    learned = Recogniser._trials
    monkeypatch.setattr(Recogniser, "_trials", lambda self: seen.append(1) or learned(self))
    return seen


def test_it_is_learned_once_for_an_index_by_all_processes(world, settings, words, trials):
    first = LearnedBook(settings).learn(world.generation, words)
    again = LearnedBook(settings).learn(world.generation, words)
    assert len(trials) == 1
    assert again.keys() == first.keys() and {"category", "colour"} <= again.keys()
    for name, one in first.items():
        assert again[name].curve == one.curve
        assert str(again[name].error) == str(one.error)  # NaN too
    recogniser = Recogniser(world.generation, words, attributes=["colour"], confidences=again)
    assert recogniser.confidences.keys() == {"colour"}
    assert len(trials) == 1


@pytest.mark.parametrize("damage", ["bit", "cut", "empty", "binary", "gone", "other index"])
def test_what_is_lost_or_damaged_is_learned_again(world, settings, words, trials, damage, caplog):
    book = LearnedBook(settings)
    first = book.learn(world.generation, words)
    whole = book.path.read_bytes()
    if damage == "gone":
        book.path.unlink()
    elif damage == "other index":
        known = book.kept().model_copy(update={"generation": "20200101T000000-00000000"})
        book._keep(known)
        assert book.kept().suits(world.generation) and not book.kept().is_of(world.generation)
    else:
        at = whole.index(b'"products":') + len(b'"products":')
        digit = b"7" if whole[at : at + 1] != b"7" else b"8"
        broken = {
            "bit": whole[:at] + digit + whole[at + 1 :],
            "cut": whole[: len(whole) // 2],
            "empty": b"",
            "binary": b"\xff\xfe\x00" * 50,
        }
        book.path.write_bytes(broken[damage])
        with caplog.at_level(logging.WARNING):
            assert LearnedBook(settings).kept() is None
        assert FILE in caplog.text
    assert LearnedBook(settings).learn(world.generation, words).keys() == first.keys()
    assert len(trials) == 2
    assert LearnedBook(settings).kept().is_of(world.generation)


def test_a_home_that_cannot_be_written_only_costs_time(world, settings, words, trials, caplog):
    (settings.resolved_home / FILE).mkdir(parents=True)
    book = LearnedBook(settings)
    with caplog.at_level(logging.WARNING):
        assert book.learn(world.generation, words)
    assert "is not kept" in caplog.text
    assert book.learn(world.generation, words) and len(trials) == 1, "one process learns once"
    assert not list(settings.resolved_home.glob("*.tmp"))


def test_another_encoder_s_is_not_used(world, settings, words):
    book = LearnedBook(settings)
    book.learn(world.generation, words)
    book._keep(book.kept().model_copy(update={"fingerprint": "another"}))
    assert not book.kept().suits(world.generation)


def test_what_cannot_replace_an_old_file_is_used_all_the_same(
    world, settings, words, trials, monkeypatch
):
    book = LearnedBook(settings)
    book.learn(world.generation, words)
    book._keep(book.kept().model_copy(update={"fingerprint": "another"}))

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(learned, "write_whole", full)
    for _ in range(3):
        assert book.learn(world.generation, words)
    assert book.kept().is_of(world.generation) and len(trials) == 2
