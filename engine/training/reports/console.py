"""Console messages of `lookalike train`: progress, and a summary at the end."""

import shlex
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress, TaskID

from engine.evaluation.reports.page import interval, number
from engine.training.data.config import TrainConfig
from engine.training.data.preparation import PreparedData, data_facts
from engine.training.data.run_file import differences
from engine.training.loop.loop import StepReport
from engine.training.loop.schedule import fitting_warmup
from engine.training.reports.html import changes, same_product
from engine.training.reports.results import TRAINING, Callbacks, TrainResult


class ConsoleReporter:
    """Reports the progress of a run: a bar on a terminal, otherwise a line now and then.

    Args:
        bar: draws the progress; disabled if there is no terminal.
        expected: facts of the data that a run to repeat was made on; differences are printed.
    """

    def __init__(self, bar: Progress, expected: Mapping[str, Any] | None = None) -> None:
        self._bar, self._expected = bar, expected
        self._task = bar.add_task("Loading", total=None)
        self._contrastive = self._total = 0
        self._rates: deque[float] = deque(maxlen=20)
        self._round: tuple[TaskID, float] | None = None  # of offline mining, and when it began
        self._caching: tuple[int, float] | None = None  # views cached before, and when it began
        self._cached = 0

    def callbacks(self) -> Callbacks:
        """Returns its methods as a run's callbacks."""
        return Callbacks(
            self.on_decoded,
            self.on_stage,
            self.on_prepared,
            self.on_step,
            self.on_mined,
            self.on_cached,
            self.on_stopping,
        )

    def on_stage(self, name: str) -> None:
        """Prints the stage that begins."""
        click.echo(f"{name} ...", err=True)
        self._bar.reset(self._task, total=self._total if name == TRAINING else None)
        self._bar.update(self._task, description=name)

    def on_decoded(self, done: int, total: int) -> None:
        """Shows how many photos are decoded."""
        self._bar.update(self._task, completed=done, total=total)

    def on_prepared(self, prepared: PreparedData, config: TrainConfig) -> None:
        """Prints the size of the data set and the labels to learn from."""
        self._contrastive, self._total = config.contrastive_steps, config.total_steps
        bank = prepared.bank
        click.echo(
            f"{len(bank):,} photos of {len(bank.records):,} products, "
            f"{int(prepared.data.train.sum()):,} to train on"
            + (f"; {len(bank.skipped):,} skipped, see the report" if bank.skipped else ""),
            err=True,
        )
        if self._expected and (changed := differences(self._expected, data_facts(prepared))):
            click.echo(f"These are not the data of the run to repeat: {changed}.", err=True)
        labels = ", ".join(term.name.replace("_", " and ") for term in prepared.terms)
        click.echo(f"Learning from: {labels}", err=True)
        for line in shortened_warmups(config):
            click.echo(line, err=True)

    def on_cached(self, done: int, total: int) -> None:
        """Shows how many views are cached; the first ones may be from an earlier run."""
        now = time.perf_counter()
        if self._caching is None:
            self._caching = done, now
        before, started = self._caching
        rate = (done - before) / max(now - started, 1e-9)
        text = f"Frozen stages: {rate:.0f} views/s"
        self._bar.update(self._task, completed=done, total=total, description=text)
        tenth = max(1, total // 10)
        if self._bar.disable and (done == total or done // tenth > self._cached // tenth):
            click.echo(f"{done:,} of {total:,} views. {text}", err=True)
        self._cached = done

    def on_stopping(self) -> None:
        """Says that the run stops after the step in progress."""
        click.echo("Stopping after this step; once more stops at once, without saving.", err=True)

    def on_mined(self, done: int, total: int) -> None:
        """Shows the progress of a round of offline mining."""
        now = time.perf_counter()
        if self._round is None:
            self._round = self._bar.add_task("Offline mining", total=total), now
        task, started = self._round
        rate = done / max(now - started, 1e-9)
        text = f"Offline mining: {rate:.0f} photos/s"
        self._bar.update(task, completed=done, description=text)
        if done == total:
            self._bar.remove_task(task)
            self._round = None
            if self._bar.disable:
                click.echo(
                    f"{text}, {total:,} embedded and searched in {now - started:.1f} s", err=True
                )

    def on_step(self, report: StepReport) -> None:
        """Shows the losses and the throughput of a step."""
        self._rates.append(report.photos_per_second)
        rate = sum(self._rates) / len(self._rates)
        if report.step <= self._contrastive:
            text = f"Titles: loss {report.text_loss:.3f}, {rate:.0f} photos/s"
        else:
            share = sum(report.active.values()) / max(1, len(report.active))
            text = f"Triplets: loss {report.loss:.3f}, {share:.0%} active, {rate:.0f} photos/s"
        self._bar.update(self._task, completed=report.step, description=text)
        every = max(1, self._total // 20)
        if self._bar.disable and (report.step % every == 0 or report.step == self._total):
            click.echo(f"Step {report.step} of {self._total}. {text}", err=True)


def shortened_warmups(config: TrainConfig) -> Iterator[str]:
    """Yields a line for each stage that is shorter than the warm-up."""
    for name, steps in (("contrastive", config.contrastive_steps), ("triplet", config.steps)):
        if 0 < steps < config.warmup:
            yield (
                f"The {name} stage has fewer steps ({steps}) than --warmup ({config.warmup}): its "
                f"learning rate rises over {fitting_warmup(steps, config.warmup)}."
            )


def summary_lines(result: TrainResult, report: Path) -> Iterator[str]:
    """Yields the final summary: measures before and after, the report, and the next steps."""
    lines = changes(result.evaluation)
    origin = "held out" if result.evaluation_set.held_out else "of --evaluate-on"
    if lines:
        products = len(result.evaluation_set.products)
        yield f"P@10 on {products:,} products {origin}:   before   after"
    for one in lines:
        values = f"{number(one.before.value)}    {number(one.after.value)} ({interval(one.after)})"
        yield f"  {one.name:<32}{values}"
    if photos := same_product(result.evaluation):
        before, after = (
            f"{number(one.value)} ({interval(one) or 'no interval'})"
            for one in (photos.before, photos.after)
        )
        yield f"Nearest photo is of the same product: before {before}, after {after}"
    if not lines and not photos:
        yield (
            "Nothing could be evaluated: no two evaluated products share a label, and none has "
            "two photos."
        )
    weights = ", ".join(f"{name} {weight:.3g}" for name, weight in result.weights.items())
    yield f"Facet weights: {weights} ({result.weights_reason})"
    yield f"Report: {report}"
    encoder = shlex.quote(f"local-dir:{result.folder}")
    yield f"For matches in per cent: lookalike calibrate --encoder {encoder} --data SOURCE"
    yield f"Use it: LOOKALIKE_ENCODER={encoder} lookalike reindex"
