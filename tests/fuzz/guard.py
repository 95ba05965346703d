"""Limits the time and memory of each input, and counts inputs by kind."""

import faulthandler
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

SECONDS = 20  # of computing, for one input
HANGS = 300  # seconds after which a hang that Python cannot interrupt is reported, and ends all
MEGABYTES = 600  # that one input may add to what the process has
RESET_PEAK = "5"

counted: Counter[str] = Counter()
refused: Counter[str] = Counter()  # of these, inputs that were refused in whole or in part


class Hang(BaseException):
    """An input took too long. No handler of invalid input may catch this."""


def _alarm(_signal: int, _frame: FrameType | None) -> None:
    raise Hang(f"an input took more than {SECONDS} s of computing")


@contextmanager
def guarded(kind: str) -> Iterator[None]:
    """Runs something with one input within the limits, and counts it under its kind."""
    counted[kind] += 1
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    old = signal.signal(signal.SIGPROF, _alarm)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    faulthandler.dump_traceback_later(HANGS, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, old)
        faulthandler.cancel_dump_traceback_later()
    used = _memory("VmHWM") - before
    assert used < MEGABYTES, f"an input of {kind} took {used:.0f} MB"


def _memory(name: str) -> float:
    """Megabytes of this process now (VmRSS), or at most since the last reset (VmHWM)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"there is no {name} in /proc/self/status")
