"""What `lookalike train` says on its way and at its end."""

import shlex
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import click
from rich.progress import Progress, TaskID

from engine.training.data.config import TrainConfig
from engine.training.data.preparation import PreparedData
from engine.training.loop.loop import StepReport
from engine.training.reports.results import Callbacks, TrainResult


class ConsoleReporter:
    """Says how a run goes: a progress bar on a terminal, a line now and then elsewhere.

    Args:
        bar: where progress is drawn.
    """

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("Start", total=None)
        self._contrastive = self._total = 0
        self._rates: deque[float] = deque(maxlen=20)
        self._round: tuple[TaskID, float] | None = None
        self._passing: tuple[int, float] | None = None
        self._passed = 0

    def callbacks(self) -> Callbacks:
        """Itself, as what a run calls."""
        return Callbacks(
            self.on_decoded,
            self.on_stage,
            self.on_prepared,
            self.on_step,
            self.on_mined,
            self.on_cached,
        )

    def on_stage(self, text: str) -> None:
        """A stage begins."""
        click.echo(f"{text} ...", err=True)
        self._bar.reset(self._task, total=self._total if text == "Training" else None)
        self._bar.update(self._task, description=text)

    def on_decoded(self, done: int, total: int) -> None:
        """Photos are decoded."""
        self._bar.update(self._task, completed=done, total=total)

    def on_prepared(self, prepared: PreparedData, config: TrainConfig) -> None:
        """It is known what there is to learn."""
        self._contrastive, self._total = config.contrastive_steps, config.total_steps
        bank = prepared.bank
        click.echo(
            f"{len(bank):,} photos of {len(bank.records):,} products, "
            f"{int(prepared.data.train.sum()):,} to train on"
            + (f"; {len(bank.skipped):,} left out, see the report" if bank.skipped else ""),
            err=True,
        )
        learnt = ", ".join(term.name.replace("_", " and ") for term in prepared.terms)
        click.echo(f"Learning from: {learnt}", err=True)

    def on_cached(self, done: int, total: int) -> None:
        """Views pass the frozen stages, of which some may be there from an earlier run."""
        now = time.perf_counter()
        if self._passing is None:
            self._passing = done, now
        first, began = self._passing
        rate = (done - first) / max(now - began, 1e-9)
        what = f"Frozen stages: {rate:.0f} views/s"
        self._bar.update(self._task, completed=done, total=total, description=what)
        tenth = max(1, total // 10)
        if self._bar.disable and (done == total or done // tenth > self._passed // tenth):
            click.echo(f"{done:,} of {total:,} views. {what}", err=True)
        self._passed = done

    def on_mined(self, done: int, total: int) -> None:
        """A round of offline mining goes on."""
        now = time.perf_counter()
        if self._round is None:
            self._round = self._bar.add_task("Wrong neighbours", total=total), now
        task, began = self._round
        rate = done / max(now - began, 1e-9)
        what = f"Wrong neighbours: {rate:.0f} photos/s"
        self._bar.update(task, completed=done, description=what)
        if done == total:
            self._bar.remove_task(task)
            self._round = None
            if self._bar.disable:
                click.echo(
                    f"{what}, {total:,} embedded and searched in {now - began:.1f} s", err=True
                )

    def on_step(self, report: StepReport) -> None:
        """A step is done."""
        self._rates.append(report.photos_per_second)
        rate = sum(self._rates) / len(self._rates)
        if report.step <= self._contrastive:
            what = f"Titles: loss {report.text_loss:.3f}, {rate:.0f} photos/s"
        else:
            share = sum(report.active.values()) / max(1, len(report.active))
            what = f"Triplets: loss {report.loss:.3f}, {share:.0%} active, {rate:.0f} photos/s"
        self._bar.update(self._task, completed=report.step, description=what)
        every = max(1, self._total // 20)
        if self._bar.disable and (report.step % every == 0 or report.step == self._total):
            click.echo(f"Step {report.step} of {self._total}. {what}", err=True)


def summary_lines(result: TrainResult, report: Path) -> Iterator[str]:
    """What is said at the end: numbers before and after, the report, and the next step."""
    from engine.evaluation.report_page import interval, number
    from engine.training.reports.html import changes, same_product

    lines = changes(result.evaluation)
    kept = "held out" if result.evaluation_set.held_out else "of --evaluate-on"
    if lines:
        yield f"P@10 on {len(result.evaluation_set.products):,} products {kept}:   before   after"
    for one in lines:
        shown = f"{number(one.before.value)}    {number(one.after.value)} ({interval(one.after)})"
        yield f"  {one.name:<32}{shown}"
    if twins := same_product(result.evaluation):
        before, after = (
            f"{number(one.value)} ({interval(one) or 'no interval'})"
            for one in (twins.before, twins.after)
        )
        yield f"A photo's nearest is of the same product: before {before}, after {after}"
    if not lines and not twins:
        yield "No two judged products share a label or have two photos: nothing could be measured."
    yield f"Report: {report}"
    chosen = shlex.quote(f"local-dir:{result.folder}")
    yield f"For matches in percent: lookalike calibrate --encoder {chosen} --data SOURCE"
    yield f"Use it: LOOKALIKE_ENCODER={chosen} lookalike reindex"
