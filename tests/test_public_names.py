"""What a user imports. A name that is missing here breaks somebody's script."""

import importlib

import pytest

PUBLIC = {
    "engine": [
        "Colourway",
        "EngineError",
        "Fallback",
        "Lifts",
        "NoGeneration",
        "NotIndexed",
        "Panel",
        "Recommendation",
        "Recommender",
        "Request",
        "RequestError",
        "RequestOptions",
        "SameAnswer",
        "recommend",
    ],
    "web": ["WebSettings", "create_app"],
}
# Public names of modules without a list of them: what READMEs and docstrings import.
DOORS = {
    "catalog.database.database": ["Database"],
    "catalog.db": ["Database"],
    "catalog.errors": ["CatalogError", "DatabaseError", "FilterError", "UnknownProduct"],
    "catalog.filters.filter": ["Filter"],
    "catalog.ingest": ["ingest"],
    "catalog.ingest.run": ["ingest"],
    "catalog.products.catalogue": ["Catalogue"],
    "catalog.settings": ["CatalogSettings"],
    "catalog.sources": ["FORMATS", "open_source"],
    "catalog.sources.frame": ["open_frame"],
    "engine.settings": ["EngineSettings"],
}
MEMBERS = {
    "Recommender": [
        "answer",
        "answer_to_image",
        "embed",
        "following",
        "generation",
        "live",
        "open",
        "panel",
        "panel_of_image",
        "same_product",
        "similar_to",
        "similar_to_image",
        "similar_to_many",
    ],
    "Request": [
        "at",
        "colourways",
        "diversity",
        "exclude",
        "facets",
        "fallback",
        "filter",
        "k",
        "less",
        "lifts",
        "min_match",
        "of",
        "page",
        "rules",
        "seeds",
        "variants",
        "weights",
    ],
    "Panel": [
        "also_in",
        "fallback",
        "generation",
        "nothing_similar",
        "nothing_similar_reason",
        "query_id",
        "relaxed",
        "results",
        "rules",
        "seeds",
        "switched_off",
        "tastes",
    ],
    "Recommendation": [
        "also_in",
        "facets",
        "match",
        "product_id",
        "rank",
        "reasons",
        "rule",
        "score",
        "seed",
        "variants",
    ],
    "Lifts": [
        "any_age_group",
        "any_gender",
        "near_duplicates",
        "of",
        "retired",
        "seed",
        "sold_out",
        "variants_of_seed",
    ],
}


@pytest.mark.parametrize("module", PUBLIC)
def test_a_package_lists_its_public_names(module):
    package = importlib.import_module(module)
    assert sorted(package.__all__) == PUBLIC[module]
    assert all(hasattr(package, name) for name in package.__all__)


@pytest.mark.parametrize("module", DOORS)
def test_a_module_has_the_names_that_users_import(module):
    assert not [
        name for name in DOORS[module] if not hasattr(importlib.import_module(module), name)
    ]


@pytest.mark.parametrize("name", MEMBERS)
def test_a_public_class_has_its_members(name):
    members = getattr(importlib.import_module("engine"), name)
    assert sorted(one for one in dir(members) if not one.startswith("_")) == MEMBERS[name]
