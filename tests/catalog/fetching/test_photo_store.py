"""Photos lie in the store once, whole, and under the name of their content."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from catalog.errors import PhotoError
from catalog.fetching.photo_store import PhotoStore
from catalog.settings import CatalogSettings
from tests.catalog.fetching.conftest import photo


@pytest.fixture
def store(home):
    return PhotoStore(CatalogSettings())


def keep(store, body):
    with store.draft() as draft:
        draft.write(body)
        return store.keep(draft, "http://shop.example/a")


@pytest.mark.parametrize(
    ("format", "suffix"), [("JPEG", ".jpg"), ("PNG", ".png"), ("WEBP", ".webp")]
)
def test_a_photo_is_named_by_its_bytes(store, home, format, suffix):
    body = photo(format=format)
    kept = keep(store, body)
    digest = hashlib.sha256(body).hexdigest()
    assert kept.path == f"photos/{digest[:2]}/{digest}{suffix}"
    assert (home / kept.path).read_bytes() == body
    assert (kept.content_hash, kept.width, kept.height, kept.bytes) == (digest, 32, 40, len(body))
    assert (home / kept.path).stat().st_mode & 0o777 == 0o644
    store.sync()
    assert list((home / "photos").glob("*/*")) == [home / kept.path]


def test_the_same_photo_is_stored_once(store, home):
    body = photo()
    first = keep(store, body)
    written = (home / first.path).stat()
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: keep(store, body), range(8))) == {first}
    assert (home / first.path).stat().st_ino == written.st_ino
    assert [path for path in (home / "photos").rglob("*") if path.is_file()] == [home / first.path]


def test_a_stored_photo_that_was_cut_is_written_again(store, home):
    kept = keep(store, photo())
    (home / kept.path).write_bytes(b"half")
    assert not store.has(kept.path, kept.bytes)
    keep(store, photo())
    assert store.has(kept.path, kept.bytes) and (home / kept.path).read_bytes() == photo()


def test_an_invalid_photo_leaves_nothing(store, home):
    with pytest.raises(PhotoError, match=r"shop\.example/a is no JPEG") as caught:
        keep(store, b"GIF89a")
    assert caught.value.code == "not_an_image"
    assert list((home / "photos").iterdir()) == []


def test_the_photo_folder_may_be_a_link(store, home, tmp_path):
    (tmp_path / "large disk").mkdir()
    (home / "photos").symlink_to(tmp_path / "large disk")
    assert (home / keep(store, photo()).path).exists()


def test_drafts_of_a_run_that_was_killed_are_removed(store, home):
    kept = keep(store, photo())
    (home / "photos" / ".fetch-dead").write_bytes(b"half")
    store.remove_drafts()
    assert [path for path in (home / "photos").rglob("*") if path.is_file()] == [home / kept.path]
