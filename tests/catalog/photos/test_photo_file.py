"""Every bad photo gets its own code; every good one is read upright."""

import hashlib
import io
import os
import warnings
import zlib
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from catalog.errors import PhotoError
from catalog.photos.check import check_photo, locate
from catalog.photos.photo_file import open_photo
from catalog.settings import CatalogSettings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "shop"
    folder.mkdir()
    return folder


def code_of(root: Path, relative: str, settings: CatalogSettings) -> str:
    with pytest.raises(PhotoError) as caught:
        check_photo(root, relative, settings)
    assert relative.split("/")[-1] in str(caught.value)
    return caught.value.code


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims to be so large, in some 100 bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0"))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_a_good_photo(root, make_photo, catalog_settings, suffix):
    path = make_photo(root / f"a/b.{suffix}", size=(30, 50))
    checked = check_photo(root, f"a/b.{suffix}", catalog_settings)
    assert (checked.path, checked.width, checked.height) == (f"a/b.{suffix}", 30, 50)
    assert checked.content_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert checked.bytes == path.stat().st_size
    assert checked.mtime_ns == path.stat().st_mtime_ns


def test_missing(root, catalog_settings):
    assert code_of(root, "nowhere.jpg", catalog_settings) == "missing"
    assert code_of(root, "nul\0.jpg".replace("\0", "%00"), catalog_settings) == "missing"


def test_path_that_no_file_can_have(root, catalog_settings):
    for wrong in ("a\0b.jpg", "x" * 5000 + ".jpg"):
        with pytest.raises(PhotoError) as caught:
            check_photo(root, wrong, catalog_settings)
        assert caught.value.code == "missing"


def test_empty(root, catalog_settings):
    (root / "empty.jpg").touch()
    assert code_of(root, "empty.jpg", catalog_settings) == "empty"


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_truncated(root, make_photo, catalog_settings, suffix):
    noise = Image.effect_noise((200, 200), 90)
    path = root / f"cut.{suffix}"
    noise.convert("RGB").save(path)
    path.write_bytes(path.read_bytes()[:-600])
    assert code_of(root, f"cut.{suffix}", catalog_settings) == "truncated"


@pytest.mark.parametrize("data", [b"GIF89a", b"<html>404</html>", b"%PDF-1.4", os.urandom(500)])
def test_not_an_image(root, catalog_settings, data):
    (root / "page.jpg").write_bytes(data)
    assert code_of(root, "page.jpg", catalog_settings) == "not_an_image"


@pytest.mark.parametrize("format", ["GIF", "TIFF", "BMP"])
def test_a_format_that_is_not_taken(root, catalog_settings, format):
    Image.new("RGB", (9, 9)).save(root / "x.jpg", format=format)
    assert code_of(root, "x.jpg", catalog_settings) == "not_an_image"


@pytest.mark.parametrize("side", [8_001, 10_000, 30_000])
def test_pixel_bomb_is_refused_before_it_is_decoded(root, catalog_settings, side):
    (root / "bomb.png").write_bytes(png_of(side, side))
    assert code_of(root, "bomb.png", catalog_settings) == "pixels"


def test_too_many_bytes(root, make_photo, catalog_settings):
    make_photo(root / "big.jpg")
    small = catalog_settings.model_copy(update={"max_photo_bytes": 100})
    assert code_of(root, "big.jpg", small) == "too_large"


@pytest.mark.parametrize("relative", ["../out.jpg", "a/../../out.jpg", "/etc/passwd"])
def test_outside_the_root(root, make_photo, catalog_settings, relative):
    make_photo(root.parent / "out.jpg")
    assert code_of(root, relative, catalog_settings) == "outside"


def test_links_may_not_leave_the_root(root, make_photo, catalog_settings):
    make_photo(root.parent / "secret" / "out.jpg")
    (root / "link.jpg").symlink_to(root.parent / "secret" / "out.jpg")
    (root / "folder").symlink_to(root.parent / "secret")
    assert code_of(root, "link.jpg", catalog_settings) == "outside"
    assert code_of(root, "folder/out.jpg", catalog_settings) == "outside"


def test_links_inside_the_root_are_fine(root, make_photo, catalog_settings):
    make_photo(root / "real.jpg")
    (root / "link.jpg").symlink_to("real.jpg")
    assert check_photo(root, "link.jpg", catalog_settings).path == "real.jpg"


def test_a_loop_of_links(root, catalog_settings):
    (root / "loop.jpg").symlink_to("loop.jpg")
    assert code_of(root, "loop.jpg", catalog_settings) == "missing"


def test_a_folder_and_a_pipe_are_no_photos(root, catalog_settings):
    (root / "folder.jpg").mkdir()
    os.mkfifo(root / "pipe.jpg")
    assert code_of(root, "folder.jpg", catalog_settings) == "not_an_image"
    assert code_of(root, "pipe.jpg", catalog_settings) == "not_an_image"


def test_an_address_is_no_path(root):
    with pytest.raises(PhotoError, match="is an address") as caught:
        locate(root, "https://shop.example/a.jpg")
    assert caught.value.code == "remote"


def test_a_photo_is_turned_upright(root, catalog_settings):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned by a quarter
    image = Image.new("RGB", (40, 20), "red")
    image.paste("blue", (0, 0, 20, 20))  # the left half comes to the top
    image.save(root / "turned.jpg", exif=exif)
    upright = open_photo(root / "turned.jpg", max_pixels=10_000)
    assert upright.size == (20, 40)
    assert upright.getpixel((10, 5))[2] > 200
    checked = check_photo(root, "turned.jpg", catalog_settings)
    assert (checked.width, checked.height) == (20, 40)


def test_a_broken_note_about_the_camera_is_no_reason_to_lose_a_photo(root, make_photo):
    make_photo(root / "odd.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff\x05\x00")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert open_photo(root / "odd.jpg", max_pixels=10_000).size == (32, 40)


def test_at_least_decodes_smaller_but_large_enough(root, make_photo):
    make_photo(root / "large.jpg", size=(1600, 800))
    assert open_photo(root / "large.jpg", max_pixels=10**7).size == (1600, 800)
    assert open_photo(root / "large.jpg", max_pixels=10**7, at_least=150).size == (400, 200)


def test_a_stream_is_opened_like_a_file(root, make_photo):
    data = make_photo(root / "a.jpg").read_bytes()
    assert open_photo(io.BytesIO(data), max_pixels=10_000).size == (32, 40)
    with pytest.raises(PhotoError, match="limit is 10 ") as caught:
        open_photo(io.BytesIO(data), max_pixels=10_000, max_bytes=10)
    assert caught.value.code == "too_large"
    with pytest.raises(PhotoError) as caught:
        open_photo(io.BytesIO(b""), max_pixels=10_000, max_bytes=10)
    assert caught.value.code == "empty"
