import pytest

from engine.training.loop.schedule import (
    fitting_warmup,
    learning_rate_factor,
    mines_hard,
)


def test_the_rate_warms_up_in_a_line_and_falls_along_a_cosine():
    rates = [learning_rate_factor(step, total=110, warmup=10, floor=0.1) for step in range(120)]
    assert rates[:10] == pytest.approx([i / 10 for i in range(1, 11)])
    assert rates[10] == 1
    assert rates[60] == pytest.approx(0.55)  # half way down to the floor
    assert rates[35] == pytest.approx(0.1 + 0.9 * 0.853553, abs=1e-5)  # (1 + cos 45 deg) / 2
    assert rates[110:] == [pytest.approx(0.1)] * 10
    assert sorted(rates[9:], reverse=True) == rates[9:]


@pytest.mark.parametrize(("total", "warmup"), [(0, 0), (1, 0), (1, 1), (5, 10)])
def test_short_runs_have_a_rate(total, warmup):
    assert all(0 <= learning_rate_factor(step, total, warmup) <= 1 for step in range(12))


@pytest.mark.parametrize(("total", "warmup"), [(2, 50), (20, 50), (49, 50), (50, 50), (9, 3)])
def test_every_run_reaches_the_rate(total, warmup):
    rates = [learning_rate_factor(step, total, warmup) for step in range(total)]
    assert max(rates) == 1
    assert fitting_warmup(total, warmup) == (warmup if warmup <= total else total // 2)


def hard_share(step: int, total: int, begin: float = 0.5, end: float = 0.9) -> float:
    """The share of steps around one that mine hard: linear from ``begin`` to ``end`` of the run."""
    done = step / max(1, total)
    if end <= begin:
        return float(done >= begin)
    return min(1.0, max(0.0, (done - begin) / (end - begin)))


def test_the_share_rises_from_begin_to_end():
    shares = [hard_share(step, 100, begin=0.5, end=0.9) for step in (0, 50, 70, 90, 150)]
    assert shares == pytest.approx([0, 0, 0.5, 1, 1])
    assert [hard_share(step, 10, begin=0.5, end=0.5) for step in (4, 5)] == [0, 1]


@pytest.mark.parametrize(
    ("begin", "end"), [(0.5, 0.9), (0.0, 1.0), (0.3, 0.3), (0.0, 0.0), (1.0, 1.0)]
)
def test_hard_steps_make_up_the_share_at_every_point(begin, end):
    total = 400
    hard = [mines_hard(step, total, begin, end) for step in range(total)]
    for upto in range(total + 1):
        share = sum(hard_share(step + 0.5, total, begin, end) for step in range(upto))
        assert abs(sum(hard[:upto]) - share) <= 1.01
    assert not any(hard[: int(begin * total)])
    assert all(hard[int(end * total) + 1 :])
