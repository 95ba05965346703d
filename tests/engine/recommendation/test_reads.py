"""What a panel reads of the catalogue: nothing of products but what rules ask of the seed."""

from sqlalchemy import event

from catalog.rules.rule import Rule


def test_products_are_read_for_rules_that_ask_for_the_same_alone(new_shop):
    shop = new_shop(12)
    shop.reindex()
    recommender, read = shop.recommender(), []
    recommender.panel("p001")  # which opens the facts

    def note(connection, cursor, statement, *rest):
        read.append(statement)

    def of_products(*seeds):
        del read[:]
        panel = recommender.panel(*seeds, min_match=0)
        assert panel.results and any(one.reasons for one in panel.results)
        return [statement for statement in read if "FROM products" in statement]

    event.listen(shop.catalogue.db.engine, "before_cursor_execute", note)
    assert of_products("p002", "p003") == []
    shop.rules.put([Rule.of({"rule_id": "x", "action": "block", "product_id": "p004"})])
    assert of_products("p002") == []
    shop.rules.put([Rule.of({"rule_id": "y", "action": "same", "field": "gender"})])
    assert len(of_products("p002")) == 1
