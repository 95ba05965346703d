"""A process that has imported everything and forks for each command: python -m tests.losses.zygote.

It reads one request per line from standard input and answers each with one line, both JSON. A
request may ask for a SIGKILL after a number of seconds or before one of the command's steps (the
n-th call that uses a file or a database), or for a full disk at one of the calls that need space.
"""

import errno
import json
import os
import select
import signal
import sqlite3
import sys
import threading
import time
import traceback
from typing import Any

from tests.losses import commands

# C functions that use files or databases. A kill between two such calls is equal to one before the
# second; kills within a call are left to the kills by time.
FILLING = frozenset(
    ("write", "writerow", "tofile", "save", "fsync", "mkdir", "pwrite", "ftruncate", "replace")
)
QUERYING = frozenset(("execute", "executemany", "commit"))
OTHERS = (
    "open",
    "rename",
    "unlink",
    "rmdir",
    "flock",
    "link",
    "utime",
    "chmod",
    "rollback",
    "close",
)
STEPS = FILLING | QUERYING | frozenset(OTHERS)


class Steps:
    """Counts the steps of this process and injects a fault before one of them.

    Args:
        last: the step before which the process is killed.
        full: the step, counted among those that need space, that fails with a full disk.
    """

    def __init__(self, last: int | None, full: int | None) -> None:
        self.count = self.filling = 0
        self._last = last
        self._full = full

    def __call__(self, frame: object, event: str, called: object) -> None:
        """A function for `sys.setprofile`; an error raised here replaces the call."""
        if event != "c_call" or (name := getattr(called, "__name__", "")) not in STEPS:
            return
        if isinstance(getattr(called, "__self__", None), str):  # which has replace, too
            return
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        if name in FILLING or name in QUERYING:
            self.filling += 1
            if self.filling == self._full:
                if name in FILLING:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                raise sqlite3.OperationalError("database or disk is full")

    def watch(self) -> None:
        """Starts counting, in all threads."""
        threading.setprofile(self)
        sys.setprofile(self)


def child(request: dict[str, Any], out: int) -> None:
    """Runs one command and writes its result to ``out``; never returns."""
    answer: dict[str, Any] = {}
    steps = Steps(request.get("at_step"), request.get("full_at"))
    try:
        os.environ.update(request.get("environment", {}))
        steps.watch()
        answer["result"] = getattr(commands, request["command"])(**request["given"])
    except BaseException as error:
        answer |= {"error": type(error).__name__, "message": str(error)}
        answer["trace"] = traceback.format_exc()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]  # None ends it; typeshed lacks that
        os.write(
            out, json.dumps(answer | {"steps": steps.count, "filling": steps.filling}).encode()
        )
        os._exit(0)


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Runs a command in a fork, kills it if requested, and returns how it ended."""
    ours, theirs = os.pipe()
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        child(request, theirs)
    os.close(theirs)
    ended = os.pidfd_open(pid)
    try:
        waiting = select.poll()
        waiting.register(ended, select.POLLIN)
        if not waiting.poll(1_000 * request.get("after", 600.0)):
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(ended)
    seconds = time.monotonic() - started
    with os.fdopen(ours, "rb") as stream:
        output = stream.read()
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    answer = json.loads(output) if output and not killed else {}
    return {"killed": killed, "status": status, "seconds": seconds, **answer}


def main() -> None:
    commands.prepare()
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
