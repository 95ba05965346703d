from catalog.records import ProductRecord
from engine.evaluation.coarse_colours import COARSE, coarse_codes
from engine.labels.labels import UNKNOWN, label_products
from engine.labels.vocabulary import COLOURS


def codes(*colours):
    records = [ProductRecord(f"p{n}", "", n, colour=colour) for n, colour in enumerate(colours)]
    return coarse_codes(label_products(records)).tolist()


def test_there_are_sixteen_words_and_each_fine_word_has_one():
    assert len(COARSE) == 16
    words = [word for coarse, fine in COARSE.items() for word in (coarse, *fine)]
    assert len(words) == len(set(words))
    assert set(COLOURS) - set(words) == {"multi"}


def test_fine_words_of_one_coarse_word_are_equal():
    navy, marine, blue, sky, grey, steel = codes(
        "Navy Blue", "marine", "Blue", "Sky Blue", "Gray", "Steel"
    )
    assert navy == marine and blue == sky and grey == steel
    assert len({navy, blue, grey}) == 3


def test_other_words_and_none_are_unknown():
    assert codes("multi", "Marsala", None) == [UNKNOWN] * 3
    assert codes() == []
    assert codes(None) == [UNKNOWN]
