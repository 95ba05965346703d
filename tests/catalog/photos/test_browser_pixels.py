"""Photos as browsers show them: deep greys, colour profiles, AVIF, and what is forgiven."""

import io
import zlib
from random import Random

import numpy as np
import pytest
from PIL import Image, ImageCms

from catalog.errors import PhotoError
from catalog.photos.browser_pixels import PNG_START
from catalog.photos.decode_worker import Request, decode
from catalog.photos.photo_file import READABLE, open_photo

SMOOTH = Image.linear_gradient("L").resize((60, 80))
NOISE = Image.frombytes("RGB", (64, 80), Random(1).randbytes(64 * 80 * 3))


def saved(image, form="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def opened(data, **options):
    return open_photo(io.BytesIO(data), max_pixels=10**6, **options)


def swapped_profile():
    """A profile like sRGB, whose red is blue."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    at = {tag: profile.index(tag) for tag in (b"rXYZ", b"bXYZ")}
    changed = bytearray(profile.replace(b"sRGB", b"odd "))
    changed[at[b"rXYZ"] : at[b"rXYZ"] + 4] = b"bXYZ"
    changed[at[b"bXYZ"] : at[b"bXYZ"] + 4] = b"rXYZ"
    return bytes(changed)


def test_a_deep_grey_looks_like_a_grey_of_eight_bits():
    deep = Image.fromarray(np.asarray(SMOOTH).astype(np.uint16) * 257)
    found = np.asarray(opened(saved(deep)).convert("RGB"))
    assert np.array_equal(found, np.asarray(SMOOTH.convert("RGB")))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_colour_profile_is_applied(form):
    red = Image.new("RGB", (40, 40), (255, 0, 0))
    data = saved(red, form, icc_profile=swapped_profile())
    found = np.asarray(opened(data).convert("RGB"))[20, 20]
    assert found[2] > 200 and found[0] < 60
    square = decode(Request(max_pixels=10**6, side=32), data).array()[16, 16]
    assert square[2] > 200 and square[0] < 60  # what is embedded is what is shown


def test_transparent_pixels_stay_under_a_profile():
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    found = opened(saved(clear, icc_profile=swapped_profile()))
    assert found.mode == "RGBA" and found.getpixel((9, 9))[3] == 0


@pytest.mark.parametrize("profile", [b"nonsense", b"", b"x" * 5_000_000])
def test_a_useless_profile_is_ignored(profile):
    red = Image.new("RGB", (40, 40), (250, 0, 0))
    assert opened(saved(red, icc_profile=profile)).convert("RGB").getpixel((5, 5)) == (250, 0, 0)


def test_avif():
    assert opened(saved(NOISE, "AVIF")).size == (64, 80)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 95}])
def test_a_jpeg_that_lacks_only_its_end_marker_is_read(options):
    whole = saved(NOISE, "JPEG", **options)
    for cut in (1, 2):
        found = opened(whole[:-cut])
        assert found.tobytes() == opened(whole).tobytes()
    assert opened(whole[:-2], at_least=8).size == opened(whole, at_least=8).size


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("at_least", [None, 1])
def test_a_jpeg_without_some_pixels_is_refused(share, at_least):
    whole = saved(NOISE, "JPEG")
    with pytest.raises(PhotoError, match="cut off"):
        opened(whole[: int(len(whole) * share)], at_least=at_least)


def chunk(name, data, checksum=None):
    sums = zlib.crc32(name + data) if checksum is None else checksum
    return len(data).to_bytes(4, "big") + name + data + sums.to_bytes(4, "big")


@pytest.mark.parametrize(
    "broken",
    [chunk(b"tEXt", b"a\0b", 7), chunk(b"iCCP", b"x\0\0oops"), chunk(b"zTXt", b"a\0\0oops", 1)],
)
def test_broken_metadata_of_a_png_is_no_reason_to_refuse_it(broken):
    whole = saved(NOISE)
    end = len(PNG_START) + 25  # behind the header
    assert opened(whole[:end] + broken + whole[end:]).tobytes() == NOISE.tobytes()


@pytest.mark.parametrize("size", [(1, 1), (3000, 3), (7, 40), (1000, 39)])
def test_placeholders_and_strips_are_refused_with_their_size(size):
    with pytest.raises(PhotoError, match=f"{size[0]} x {size[1]} pixels, which is no product"):
        opened(saved(Image.new("RGB", size)))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\0\0\0\x20ftypheic" + b"\0" * 40, "HEIC"),
        (b"GIF89a" + b"\0" * 40, "GIF"),
        (b"<!DOCTYPE html><p>Not found", "a web page"),
        (b"<svg xmlns='x'/>", "SVG"),
    ],
)
def test_other_formats_are_named(data, name):
    with pytest.raises(PhotoError, match=f"no {READABLE} image: it is {name}"):
        opened(data)
