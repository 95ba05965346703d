"""HEIC, as iPhones save it: decoded in confined processes only, within the limits of all photos."""

import io
import subprocess
import sys
from random import Random

import pytest
from PIL import Image

from catalog.errors import PhotoError
from catalog.photos.decode_pool import DecodePool
from catalog.photos.photo_file import open_photo
from catalog.settings import environment_with
from tests.catalog.photos.heic import heic, with_size

PHOTO = Image.new("RGB", (400, 300), (180, 40, 60))
PLAIN = heic(PHOTO)


@pytest.fixture(scope="module")
def decoder():
    with DecodePool(1, seconds=60) as pool:
        yield pool


def decode(decoder, data, **options):
    limits = {"max_pixels": 1_000_000, "max_bytes": 1_000_000, "at_least": 300, "patience": 60}
    return decoder.decode(io.BytesIO(data), **{**limits, **options})


def noise(side):
    return Image.frombytes("RGB", (side, side), Random(1).randbytes(3 * side * side))


def test_an_iphone_s_photo_is_decoded(decoder):
    found = decode(decoder, PLAIN)
    assert (found.size, found.mode) == ((400, 300), "RGB")
    assert all(
        abs(one - two) < 12 for one, two in zip(found.getpixel((200, 150)), (180, 40, 60), strict=1)
    )


def test_it_is_turned_upright_once(decoder):
    wide = Image.new("RGB", (400, 300), "white")
    wide.paste("black", (0, 0, 200, 300))  # the left half; upright, the upper one
    found = decode(decoder, heic(wide, orientation=6))
    assert found.size == (300, 400)
    assert found.getpixel((150, 50))[0] < 60
    assert found.getpixel((150, 350))[0] > 200


def test_transparency_and_tiles_are_kept(decoder):
    assert decode(decoder, heic(PHOTO.convert("RGBA"))).mode == "RGBA"
    tiled = decode(decoder, heic(noise(700), tile_size=256))
    assert tiled.size == (350, 350)  # at half its size: 300 were asked for


@pytest.mark.parametrize(
    ("data", "options", "code"),
    [
        (PLAIN, {"max_pixels": 119_999}, "pixels"),
        (PLAIN, {"max_bytes": 10}, "too_large"),
        (with_size(PLAIN, 60_000, 60_000), {}, "pixels"),
        (PLAIN[:-40], {}, "truncated"),
        (PLAIN[:60], {}, "truncated"),
        (b"\0\0\0\x18ftypheic", {}, "truncated"),
        (b"\0\0\0\x18ftypavif" + bytes(64), {}, "not_an_image"),
        (b"\0\0\0\x18ftypmp42" + bytes(64), {}, "not_an_image"),  # a video
    ],
)
def test_broken_heic_is_refused_and_costs_nothing_else(decoder, data, options, code):
    with pytest.raises(PhotoError) as caught:
        decode(decoder, data, **options)
    assert caught.value.code == code
    assert decode(decoder, PLAIN).size == (400, 300)


@pytest.mark.parametrize("shape", [(1, 1), (600, 6)])
def test_a_placeholder_or_a_strip_is_no_product_photo(decoder, shape):
    with pytest.raises(PhotoError) as refused:
        decode(decoder, heic(Image.new("RGB", shape, "red")))
    assert refused.value.code == "tiny"


@pytest.mark.parametrize("size", [(1, 1), (10, 10), (399, 300), (800, 600), (16_000, 60)])
def test_a_header_that_lies_gets_no_more_pixels_than_allowed(decoder, size):
    try:
        found = decode(decoder, with_size(heic(noise(500)), *size), max_pixels=240_000)
    except PhotoError as error:
        assert error.code in ("pixels", "truncated")
    else:
        assert found.width * found.height <= 240_000


def test_the_catalogue_and_other_formats_do_not_reach_its_decoder(decoder):
    with pytest.raises(PhotoError) as caught:
        open_photo(io.BytesIO(PLAIN), max_pixels=1_000_000)
    assert caught.value.code == "not_an_image"
    jpeg = io.BytesIO()
    PHOTO.save(jpeg, "JPEG")
    with pytest.raises(PhotoError):
        open_photo(jpeg, max_pixels=1_000_000, heic=True)


def test_its_processes_take_the_places_of_others(decoder):
    jpeg = io.BytesIO()
    PHOTO.save(jpeg, "JPEG")
    for data in (PLAIN, jpeg.getvalue(), PLAIN):
        decode(decoder, data)
        assert len(decoder._all) == len(decoder._idle) == 1


@pytest.mark.parametrize(("kind", "threads"), [("plain", False), ("heic", True)])
def test_only_its_processes_may_start_threads(kind, threads):
    # The decoder always starts one; without the right, only root could decode HEIC.
    script = (
        "import resource; from catalog.photos.decode_worker import confine;"
        f"confine(2_000_000_000, threads={threads});"
        "print(resource.getrlimit(resource.RLIMIT_NPROC)[1], flush=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment_with()
    )
    assert (done.stdout.strip() == "0") is not threads
