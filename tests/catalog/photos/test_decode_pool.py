"""Photos are decoded by confined processes: in time, in little memory, or not at all."""

import os
import signal
import threading
from io import BytesIO

import pytest
from PIL import Image

from catalog.errors import PhotoError
from catalog.photos import decode_pool
from catalog.photos.decode_pool import DecodePool


def photo(mode="RGB", size=(40, 30), colour="red", form="PNG"):
    buffer = BytesIO()
    Image.new(mode, size, colour).save(buffer, form)
    buffer.seek(0)
    return buffer


@pytest.fixture(scope="module")
def decoder():
    return DecodePool(1, seconds=60)


def decode(decoder, stream, **options):
    limits = {"max_pixels": 10_000_000, "max_bytes": 1_000_000, "at_least": 100, "patience": 60}
    return decoder.decode(stream, **{**limits, **options})


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_any_mode_comes_back_as_colours(decoder, mode):
    found = decode(decoder, photo(mode, colour=0 if mode in ("I;16", "1") else "black"))
    assert found.size == (40, 30)
    assert found.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")
    assert found.getpixel((5, 5))[:3] == (0, 0, 0)


def test_it_comes_no_larger_than_needed(decoder):
    assert decode(decoder, photo(size=(1000, 450))).size == (250, 113)
    assert decode(decoder, photo(size=(1000, 450), form="JPEG")).size == (250, 113)
    assert decode(decoder, photo(size=(199, 199))).size == (199, 199)


def test_it_is_turned_upright(decoder):
    buffer, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 30)).save(buffer, "JPEG", exif=exif)
    assert decode(decoder, buffer).size == (30, 40)


@pytest.mark.parametrize(
    ("stream", "options", "code"),
    [
        (BytesIO(), {}, "empty"),
        (photo(), {"max_bytes": 10}, "too_large"),
        (photo(), {"max_pixels": 1_199}, "pixels"),
        (BytesIO(photo().getvalue()[:-30]), {}, "truncated"),
        (BytesIO(b"GIF89a"), {}, "not_an_image"),
    ],
)
def test_what_is_refused_says_why(decoder, stream, options, code):
    with pytest.raises(PhotoError) as caught:
        decode(decoder, stream, **options)
    assert caught.value.code == code
    assert decode(decoder, photo()).size == (40, 30)


def test_one_process_serves_many_photos_and_threads(decoder):
    decode(decoder, photo())
    first = decoder._idle[0]._process.pid
    sizes = []

    def decode_one(width):
        sizes.append(decode(decoder, photo(size=(width, 30))).size)

    threads = [threading.Thread(target=decode_one, args=(width,)) for width in range(30, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(sizes) == [(width, 30) for width in range(30, 40)]
    assert decoder._idle[0]._process.pid == first


def test_a_decoder_that_hangs_is_ended_and_the_next_photo_is_decoded(decoder):
    hanging = DecodePool(1, seconds=60)
    decode(hanging, photo())
    process = hanging._idle[0]._process
    os.kill(process.pid, signal.SIGSTOP)
    hanging.seconds = 0.05
    with pytest.raises(PhotoError) as caught:
        decode(hanging, photo())
    assert caught.value.code == "slow"
    assert process.poll() is not None
    hanging.seconds = 60
    assert decode(hanging, photo()).size == (40, 30)


def test_a_decoder_that_dies_costs_its_photo_only(decoder):
    decode(decoder, photo())
    os.kill(decoder._idle[0]._process.pid, signal.SIGKILL)
    decoder._idle[0]._process.wait(60)
    with pytest.raises(PhotoError) as caught:
        decode(decoder, photo())
    assert caught.value.code == "truncated"
    assert decode(decoder, photo()).size == (40, 30)


def test_who_waits_too_long_for_a_decoder_is_told():
    decoder = DecodePool(1, seconds=60)
    with decoder._places, pytest.raises(TimeoutError):
        decode(decoder, photo(), patience=0.01)


def test_the_processes_end_with_their_decoder():
    decoder = DecodePool(1, seconds=60)
    decode(decoder, photo())
    process = decoder._idle[0]._process
    del decoder
    assert process.poll() is not None


def test_a_process_that_is_taken_over_can_send_no_more_than_a_photo(decoder, monkeypatch):
    send = decode_pool.send

    def as_if_smaller(stream, facts, data=b""):
        send(stream, facts | {"max_pixels": 10_000, "at_least": None}, data)

    monkeypatch.setattr(decode_pool, "send", as_if_smaller)
    with pytest.raises(PhotoError) as caught:
        decode(decoder, photo(size=(100, 90)), max_pixels=2_000)
    assert caught.value.code == "truncated"


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"mode": "P", "size": [40, 30]},
        {"mode": "RGB", "size": [40, 31]},
        {"mode": "RGB", "size": [-40, -30]},
        {"mode": "RGB", "size": "large"},
        {"mode": ["RGB"], "size": [40, 30]},
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(decoder, monkeypatch, facts):
    given = decode_pool.receive
    monkeypatch.setattr(decode_pool, "receive", lambda *args: (facts, given(*args)[1]))
    with pytest.raises(PhotoError) as caught:
        decode(decoder, photo())
    assert caught.value.code == "truncated"
