"""Delays grow up to a limit, differ between addresses, and are reproducible."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.fetching import schedule
from catalog.fetching.client import parse_retry_after

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@given(st.integers(1, 10_000), st.text(max_size=8))
def test_delays_double_up_to_a_limit(tries, seed):
    backoff = schedule.Backoff(10, 1_000)
    plain = min(10 * 2 ** (min(tries, 60) - 1), 1_000)
    assert 0.75 * plain <= backoff.seconds(tries, seed) <= 1.25 * plain
    assert backoff.seconds(tries, seed) == backoff.seconds(tries, seed)


def test_retries_are_spread_in_time():
    waits = {schedule.TRANSIENT_BACKOFF.seconds(1, str(n)) for n in range(100)}
    assert len(waits) == 100 and max(waits) - min(waits) > 100


@pytest.mark.parametrize(
    ("code", "hours"), [("timeout", 0.2), ("http_503", 0.2), ("http_404", 12), ("not_an_image", 12)]
)
def test_permanent_errors_wait_longer(code, hours):
    wait = schedule.next_try(NOW, code, 1, None, "x") - NOW
    assert timedelta(hours=hours / 4) < wait < timedelta(hours=hours)


def test_retry_after_is_respected():
    retry = schedule.next_try(NOW, "http_429", 1, 50_000, "x")
    assert retry == NOW + timedelta(seconds=50_000)
    assert schedule.next_try(NOW, "http_429", 1, 1, "x") > NOW + timedelta(seconds=60)


def test_only_some_errors_are_retried_in_the_run():
    def again(code, tries=1, wait=None):
        return schedule.retry_delay(code, tries, wait, "x")

    assert again("http_502") and again("connection") and again("cut_off", 2)
    assert again("http_502", 3) is None
    assert again("http_404") is again("not_an_image") is again("timeout") is again("dns") is None
    assert again("http_429", wait=5) == 5
    assert again("http_429", wait=500) is None


def test_refreshes_are_spread_in_time():
    looks = {schedule.next_refresh(NOW, 7, str(n)) - NOW for n in range(50)}
    assert timedelta(days=6.3) <= min(looks) < max(looks) <= timedelta(days=7.7)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120),
        ("0", 0),
        ("-5", None),
        ("1e9", None),
        ("²", None),
        ("9" * 400, 86_400),
        ("soon", None),
        ("Mon, 23 Nov 2026 12:01:00 GMT", 60),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 12:01:00", 60),
        ("Mon, 99 Nov 2026 12:01:00 GMT", None),
    ],
)
def test_retry_after(text, seconds):
    assert parse_retry_after(text, NOW) == seconds
