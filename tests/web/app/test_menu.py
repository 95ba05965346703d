from web.app.menu import Menu, by_parent

CATEGORIES = (
    ("Dresses", 2), ("Tops", 9), ("Tops > Shirts", 3), ("Tops > T-shirts", 6),
)  # fmt: skip


def menu():
    return Menu("1", 11, (), (), by_parent(CATEGORIES))


def test_categories_are_grouped_under_their_parent_largest_first():
    assert by_parent(CATEGORIES) == {
        None: (("Tops", 9), ("Dresses", 2)),
        "Tops": (("Tops > T-shirts", 6), ("Tops > Shirts", 3)),
    }


def test_a_category_offers_its_children_or_else_its_siblings():
    assert menu().categories_for(None) == (None, (("Tops", 9), ("Dresses", 2)))
    assert menu().categories_for("Tops")[0] == "Tops"
    assert menu().categories_for("Tops > Shirts") == menu().categories_for("Tops")
    assert menu().categories_for("Dresses") == menu().categories_for(None)


def test_an_unknown_category_offers_nothing():
    assert menu().categories_for("No > Such > Thing") == ("No > Such", ())
