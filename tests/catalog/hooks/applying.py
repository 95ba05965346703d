"""Processes that apply webhooks, and are killed at a step of it. They fork from a clean one."""

import multiprocessing
import os
import signal
from datetime import datetime
from multiprocessing.process import BaseProcess
from typing import Any

from sqlalchemy import event

from catalog.database.database import Database
from catalog.hooks.apply import apply_pending
from catalog.settings import CatalogSettings

CONTEXT = multiprocessing.get_context("forkserver")


def start(settings: CatalogSettings, now: datetime, kill_at: int = 0) -> tuple[BaseProcess, Any]:
    """A process that applies what waits, and a queue that it puts its report into.

    It is killed before its ``kill_at``-th step (a statement or a commit), if there are so many.
    """
    CONTEXT.set_forkserver_preload(["tests.catalog.hooks.applying"])
    answers = CONTEXT.SimpleQueue()
    process = CONTEXT.Process(target=_run, args=(settings, now, kill_at, answers))
    process.start()
    return process, answers


def _run(settings: CatalogSettings, now: datetime, kill_at: int, answers: Any) -> None:
    steps = 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with Database.open(settings) as db:
        for name in ("before_cursor_execute", "commit"):
            event.listen(db.engine, name, step)
        report = apply_pending(db, settings, now=lambda: now)
    answers.put((report.applied, report.skipped, report.failed))
