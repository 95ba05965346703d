"""A server in processes of its own, and clients that send requests and record all answers."""

import http.client
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

PAUSE = 0.01  # seconds between two requests of a client: a steady load below the maximum
TIMEOUT = 300.0  # seconds, on a busy machine


@contextmanager
def served(
    home: Path,
    workers: int = 2,
    started: list[int] | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[str, int]]:
    """`lookalike serve` on a home; yields host and port, and adds its process id to a list."""
    kept = {name: value for name, value in os.environ.items() if "LOOKALIKE_" not in name}
    with subprocess.Popen(
        [sys.executable, "-m", "web.cli", "serve", "--port", "0", "--workers", str(workers)],
        env=kept | {"LOOKALIKE_HOME": str(home), "OMP_NUM_THREADS": "1"} | dict(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        if started is not None:
            started.append(process.pid)
        try:
            assert process.stdout is not None and process.stderr is not None
            found = re.search(r"http://([\d.]+):(\d+)", process.stdout.readline())
            assert found, process.stderr.read()
            yield found.group(1), int(found.group(2))
        finally:
            process.terminate()
            process.communicate(timeout=TIMEOUT)


@dataclass
class Answer:
    """One answer."""

    path: str
    status: int
    tag: str | None
    body: dict
    after: str | None  # the ETag of the conditional request
    seconds: float = 0.0


@dataclass
class Client:
    """Requests some paths repeatedly, in a thread.

    Attributes:
        answers: all answers in order.
        failures: errors of requests.
    """

    address: tuple[str, int]
    paths: list[str]
    seed: int
    answers: list[Answer] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._chance = random.Random(self.seed)
        self._had: dict[str, tuple[str, dict]] = {}

    def __enter__(self) -> "Client":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(TIMEOUT)

    def _run(self) -> None:
        connection = http.client.HTTPConnection(*self.address, timeout=TIMEOUT)
        while not self._stop.is_set():
            path = self._chance.choice(self.paths)
            try:
                self._ask(connection, path)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.failures.append(f"{path}: {error!r}")
                connection.close()
            self._stop.wait(PAUSE)
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, path: str) -> None:
        had, begun = self._had.get(path), time.perf_counter()
        connection.request("GET", path, headers={"If-None-Match": had[0]} if had else {})
        response = connection.getresponse()
        data = response.read()
        tag = response.headers.get("ETag")
        if response.status == 304 and had is not None:
            body = had[1]
        else:
            is_json = "json" in response.headers.get("Content-Type", "")
            body = json.loads(data) if is_json else {}
        if tag is not None and body:
            self._had[path] = (tag, body)
        self.answers.append(
            Answer(path, response.status, tag, body, had and had[0], time.perf_counter() - begun)
        )


def times(answers: list[Answer]) -> str:
    """Percentiles of the answers' times, to print."""
    taken = sorted(1000 * answer.seconds for answer in answers)
    shown = {f"p{p}": taken[min(len(taken) - 1, len(taken) * p // 100)] for p in (50, 95, 99)}
    text = ", ".join(f"{name} {value:.0f} ms" for name, value in shown.items())
    return f"{len(taken)} answers, {text}, at most {taken[-1]:.0f} ms"
