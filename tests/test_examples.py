"""The examples of docstrings and pages, run on the first products of the sample shop.

They name the ids of the demo shop, and give the same output there: a newcomer who copies a line
after `make demo` gets an answer. Here each product has one small photo and the fake encoder.
"""

import csv
import doctest
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from catalog.db import Database
from catalog.ingest import ingest
from catalog.products.catalogue import Catalogue
from catalog.sample import draw_catalogue
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from engine.calibration.calibration import FILE
from engine.encoders import loading
from engine.index.reindex import reindex
from engine.recommendation import recommend
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.random_shop import calibration
from tests.engine.shop import draw_photo

ROOT = Path(__file__).parents[1]
PRODUCTS = 200
# Every name that a user would call from Python, and the basic one of the embedding.
NAMES = [
    "catalog.db:Database",
    "catalog.ingest:ingest",
    "catalog.products.catalogue:Catalogue",
    "catalog.sources:open_source",
    "catalog.sources.frame:open_frame",
    "engine:Colourway",
    "engine:Fallback",
    "engine:Lifts",
    "engine:Panel",
    "engine:Recommendation",
    "engine:Recommender",
    "engine:Recommender.answer",
    "engine:Recommender.answer_to_image",
    "engine:Recommender.open",
    "engine:Recommender.panel",
    "engine:Recommender.panel_of_image",
    "engine:Recommender.same_product",
    "engine:Recommender.similar_to",
    "engine:Recommender.similar_to_image",
    "engine:Recommender.similar_to_many",
    "engine:Request",
    "engine:Request.of",
    "engine:RequestOptions",
    "engine:SameAnswer",
    "engine.encoders.facets:FacetLayout",
    "engine:recommend",
    "web:create_app",
]
PAGES = ["README.md", "engine/README.md"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample shop, ingested and indexed."""
    home = tmp_path_factory.mktemp("sample")
    draw(home / "sample")
    caps, settings = CatalogSettings(home=home), EngineSettings(home=home, workers=1, trees=5)
    Database.migrate(caps)
    with Database.open(caps) as db:
        ingest(db, open_source(home / "sample"), settings=caps)
        report = reindex(Catalogue(db), FakeEncoder(), settings)
    calibration().save(settings.index_dir / report.generation / FILE)
    return home


def draw(folder: Path) -> None:
    """The sample shop's rows, with a small photo for each."""
    draw_catalogue(folder, products=PRODUCTS, photos=False)
    random = np.random.default_rng(0)
    with (folder / "catalogue.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["photos"] = f"photos/{row['id']}-1.jpg"
        colour = tuple(random.integers(0, 256, 3).tolist())
        draw_photo(random, colour).save(folder / row["photos"])
    with (folder / "catalogue.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(autouse=True)
def opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Database]]:
    """Points examples to the home, and closes the databases that they open."""
    monkeypatch.setenv("LOOKALIKE_HOME", str(home))
    monkeypatch.setattr(loading, "load", lambda settings, name=None: FakeEncoder())
    databases: list[Database] = []
    initialise = Database.__init__

    def remember(self: Database, *args: object) -> None:
        databases.append(self)
        initialise(self, *args)

    monkeypatch.setattr(Database, "__init__", remember)
    recommend._default.cache_clear()
    yield databases
    recommend._default.cache_clear()
    for database in databases:
        database.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_docstring_runs(name):
    module, _, path = name.partition(":")
    found = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(found), {}, name, None, None)
    assert example.examples, f"{name} has no example"
    printed: list[str] = []
    doctest.DocTestRunner().run(example, out=printed.append)
    assert not printed, "".join(printed)


def test_every_public_name_of_the_engine_has_an_example():
    import engine

    errors = {name for name in engine.__all__ if name.endswith("Error")}
    errors |= {"NoGeneration", "NotIndexed"}
    with_example = {name.partition(":")[2] for name in NAMES if name.startswith("engine:")}
    assert set(engine.__all__) - errors <= with_example


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_runs(page):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {})
