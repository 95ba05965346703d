"""Random rules for property tests: every action, every scope, times on a small grid."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from catalog.filters.filter import Filter
from catalog.rules.rule import SAME_FIELDS, Action, Rule

DAY = datetime(2026, 11, 1, tzinfo=UTC)
PRODUCTS = ("p1", "p2", "p3", "=1+1", "-7", "'@x", "Größe, \"L\"; 'neu'")
CATEGORIES = ("Tops", "Tops > T-shirts", "Tops > T-shirts > Long", "Shoes")
COLOURS = ("red", "=red", "'blue", "grün")

moments = st.integers(0, 6).map(lambda days: DAY + timedelta(days=days))
filters = st.one_of(
    st.builds(lambda colour: Filter(colour=(colour,)), st.sampled_from(COLOURS)),
    st.builds(
        lambda brand, sleeve: Filter.of({"brand": brand, "attributes.sleeve": sleeve}),
        st.lists(st.sampled_from(["Ours", "Theirs"]), min_size=1),
        st.sampled_from(["long", "short"]),
    ),
    st.builds(
        lambda low, more: Filter.of({"price_from": low, "price_to": low + more}),
        st.decimals(0, 50, places=2),
        st.decimals(0, 50, places=2),
    ),
    st.booleans().map(lambda yes: Filter(on_sale=yes)),
)


@st.composite
def rules(draw, rule_id: str = "r") -> Rule:
    action = draw(st.sampled_from(Action))
    values: dict[str, object] = {}
    if action in (Action.PIN, Action.BLOCK) or (
        action in (Action.BOOST, Action.BURY) and draw(st.booleans())
    ):
        values["product_id"] = draw(st.sampled_from(PRODUCTS))
    elif action is Action.SAME:
        values["field"] = draw(st.sampled_from([*SAME_FIELDS, "attributes.sleeve"]))
    elif action is Action.OFF:
        values["page"] = draw(st.sampled_from([None, "product", "wishlist"]))
    else:
        values["where"] = draw(filters)
    if action is Action.PIN:
        values["position"] = draw(st.integers(1, 6))
    if action in (Action.BOOST, Action.BURY):
        values["amount"] = draw(st.floats(0, 2, exclude_min=True))
    scope = draw(st.sampled_from(["seed", "category", "global"]))
    if scope == "seed":
        values["seed"] = draw(st.sampled_from(PRODUCTS))
    if scope == "category":
        values["category"] = draw(st.sampled_from(CATEGORIES))
    start, end = draw(moments), draw(moments)
    if draw(st.booleans()):
        values["starts"] = start
    if draw(st.booleans()) and ("starts" not in values or start < end):
        values["ends"] = end
    return Rule(rule_id, action, **values)


books = st.integers(0, 8).flatmap(
    lambda count: st.tuples(*(rules(rule_id=f"{'=' * (n % 2)}r{n}") for n in range(count)))
)
