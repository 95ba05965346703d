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


def test_a_shelf_offers_children_or_else_siblings():
    assert menu().shelf(None) == (None, (("Tops", 9), ("Dresses", 2)))
    assert menu().shelf("Tops")[0] == "Tops"
    assert menu().shelf("Tops > Shirts") == menu().shelf("Tops")
    assert menu().shelf("Dresses") == menu().shelf(None)


def test_a_shelf_of_an_unknown_category_is_empty():
    assert menu().shelf("No > Such > Thing") == ("No > Such", ())
