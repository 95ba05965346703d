"""Mutated feeds and photos: no crash, no hang, bounded memory, and an explanation for each."""

import io
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from catalog.database.database import Database
from catalog.errors import PhotoError, RecordError, SourceError
from catalog.ingest.run import ingest
from catalog.photos.check import check_photo
from catalog.photos.decode_pool import DecodePool
from catalog.records import ProductRecord, Rejection
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from catalog.sources.rows.columns import Columns
from catalog.sources.rows.record import to_record
from tests.catalog.photos.heic import heic
from tests.fuzz.feeds import odd_files, row_files, xml_files
from tests.fuzz.guard import guarded, refused
from tests.fuzz.mutate import mutated

# A soak of all in this folder has 5,000 inputs and more.
ODD = (60, 900)
ROWS, DRAWN_ROWS, XML, PHOTOS, UPLOADS = (90, 700), (50, 600), (80, 1_000), (80, 800), (30, 300)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return row_files(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def read(db: Database, catalog_settings: CatalogSettings, tmp_path):
    """Ingests a file of these bytes, and checks its messages and entries."""

    def read(kind: str, name: str, data: bytes, number: int) -> None:
        folder = tmp_path / "feed"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        path = folder / name
        path.write_bytes(data)
        with guarded(kind):
            try:
                source = open_source(path)
                report = ingest(db, source, sync=number % 3 == 0, settings=catalog_settings)
            except SourceError as error:
                explained(str(error), path.name)
                refused[kind] += 1
                return
        refused[kind] += report.rejected > 0
        assert report.rejected == 0 or report.rejects_file is not None
        for entry in source.records():
            assert isinstance(entry, ProductRecord | Rejection)
            if isinstance(entry, Rejection):
                explained(entry.reason)
                assert entry.code

    return read


def explained(text: str, *holding: str) -> None:
    """Checks that a message is a sentence, without a traceback or the name of a Python object."""
    assert len(text) >= 15, text
    assert "Traceback" not in text and "object at 0x" not in text, text
    for part in holding:
        assert part in text, text


# One kind of database is enough: the values that reach it are the same.
pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")


def test_mutated_rows(rows, read, rounds):
    names = sorted(rows)
    for number in range(rounds(*ROWS)):
        random = Random(f"rows {number}")
        name = names[number % len(names)]
        read("rows", name, mutated(rows[name], random), number)


def test_mutated_xml(read, rounds, databases):
    files = xml_files()
    names = sorted(files)
    for number in range(rounds(*XML)):
        random = Random(f"xml {number}")
        name = names[number % len(names)]
        read("xml", name, mutated(files[name], random), number)


def test_mutated_odd_files(read, rounds, databases, tmp_path_factory):
    files = odd_files(tmp_path_factory.mktemp("odd"))
    names = sorted(files)
    for number in range(rounds(*ODD)):
        random = Random(f"odd {number}")
        name = names[number % len(names)]
        read("odd files", name, mutated(files[name], random), number)


ODD_CELLS = (
    "R$ 129,90",
    "12.00.00 EUR",
    "24.995",
    "19,-",
    "20%",
    "/",
    "2026-01-01/",
    "pending",
    "auf Lager",
    "1,200",
    "Red/Blue",
    "<p>Linen</p> shirt",
    "Men&amp;#039;s",
    "Women/Dresses | Sale/Women",
    "a -> b",
    '["x", ["y"]]',
    "[1,",
    "//cdn.example/a.jpg",
    "/media/a.jpg",
    "Baum\u00adwolle",
    "\u200c\u200d\ufeff",
)
CELLS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=60)
    | st.lists(st.text(max_size=9), max_size=3)
    | st.sampled_from(ODD_CELLS)
    | st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)
)
FIELDS = (
    "id", "title", "brand", "category", "gender", "age_group", "colour", "pattern", "price",
    "old_price", "sale_price", "currency", "availability", "stock", "group_id", "link", "photos",
    "more_photos", "attributes",
)  # fmt: skip


def test_drawn_rows(rounds, databases):
    columns = Columns({name: name for name in FIELDS}, ("other", "\ud800"))
    sane = st.fixed_dictionaries({"id": st.text(min_size=1), "title": st.text()})
    odd = st.dictionaries(st.sampled_from((*FIELDS, "other", "\ud800")), CELLS)

    @settings(
        max_examples=rounds(*DRAWN_ROWS), deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(sane, odd)
    def check(row, more):
        with guarded("drawn rows"):
            try:
                record = to_record({**row, **more}, 1, columns)
            except RecordError as error:
                explained(str(error))
                refused["drawn rows"] += 1
                return
        assert record.product_id.isprintable() and record.title
        assert record.price is None or record.price >= 0
        storable(record)

    check()


def storable(record: ProductRecord) -> None:
    """Checks that a database takes the texts: no NUL, no surrogates."""
    texts = [
        record.title,
        record.brand,
        record.colour,
        record.pattern,
        record.link,
        record.group_id,
    ]
    texts += [*record.category, *record.attributes, *record.attributes.values(), *record.photos]
    for text in filter(None, texts):
        assert "\0" not in text, text
        text.encode()


def pictures() -> dict[str, bytes]:
    found = {}
    random = Random(1)
    noise = Image.frombytes("RGB", (64, 80), random.randbytes(64 * 80 * 3))
    for name, mode, form, options in (
        ("a.jpg", "RGB", "JPEG", {"quality": 80}),
        ("progressive.jpg", "RGB", "JPEG", {"progressive": True}),
        ("cmyk.jpg", "CMYK", "JPEG", {}),
        ("grey.jpg", "L", "JPEG", {}),
        ("b.png", "RGB", "PNG", {}),
        ("palette.png", "P", "PNG", {}),
        ("clear.png", "RGBA", "PNG", {}),
        ("c.webp", "RGB", "WEBP", {}),
        ("lossless.webp", "RGBA", "WEBP", {"lossless": True}),
    ):
        stream, exif = io.BytesIO(), Image.Exif()
        exif[0x0112] = 6
        noise.convert(mode).save(stream, form, exif=exif, **options)
        found[name] = stream.getvalue()
    return found


def heics() -> dict[str, bytes]:
    noise = Image.frombytes("RGB", (128, 96), Random(2).randbytes(128 * 96 * 3))
    clear = noise.convert("RGBA")
    return {
        "a.heic": heic(noise, orientation=6),
        "clear.heic": heic(clear),
        "tiled.heic": heic(noise, tile_size=64),
    }


CODES = {"empty", "too_large", "not_an_image", "truncated", "pixels", "slow", "tiny"}


def test_mutated_photos(tmp_path, rounds, databases):
    files = pictures()
    names = sorted(files)
    limits = CatalogSettings(home=tmp_path, max_photo_pixels=2_000_000)
    for number in range(rounds(*PHOTOS)):
        name = names[number % len(names)]
        (tmp_path / name).write_bytes(mutated(files[name], Random(f"photo {number}")))
        with guarded("photos"):
            try:
                checked = check_photo(tmp_path, name, limits)
            except PhotoError as error:
                assert error.code in CODES
                explained(str(error), name)
                refused["photos"] += 1
                continue
        assert 0 < checked.width * checked.height <= 2_000_000


def test_mutated_uploaded_photos(rounds, databases):
    files = pictures() | heics()
    names = sorted(files)
    decoder = DecodePool(1, seconds=15)
    for number in range(rounds(*UPLOADS)):
        data = mutated(files[names[number % len(names)]], Random(f"upload {number}"))
        with guarded("photos of strangers"):
            try:
                image = decoder.decode(
                    io.BytesIO(data), max_pixels=2_000_000, max_bytes=100_000, at_least=60,
                    patience=15,
                )  # fmt: skip
            except PhotoError as error:
                assert error.code in CODES
                explained(str(error))
                refused["photos of strangers"] += 1
                continue
        assert image.mode in ("RGB", "RGBA")
