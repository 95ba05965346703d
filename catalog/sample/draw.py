"""Draws a whole sample catalogue into a folder, with as many processes as there are cores."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from catalog.errors import SourceError
from catalog.files import remove_drafts, replacing, write_whole
from catalog.sample import catalogue
from catalog.sample.photos import take
from catalog.sample.plan import PlannedProduct, plan

VERSION = 3  # raise it when the same seed draws other pixels
QUALITY = 88
_MANIFEST = "sample.json"
_BATCH = 4  # products a task
_MAX_IN_PROCESS = 24  # photos; this many are drawn before worker processes would have started

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Order:
    """What a folder was asked to hold; kept in its manifest."""

    version: int
    seed: int
    products: int
    photos: bool


def draw_catalogue(
    folder: Path | str,
    *,
    products: int = 600,
    seed: int = 0,
    workers: int | None = None,
    on_progress: Progress | None = None,
    photos: bool = True,
) -> int:
    """Draw a shop of ``products`` products: ``folder/catalogue.csv`` and ``folder/photos/*.jpg``.

    The same seed and number give the same bytes, however many ``workers`` (default: one a core)
    draw them; a smaller shop is the beginning of a larger one. A folder that was left half done
    is finished, a complete one is left as it is. ``on_progress(done, total)`` counts photos, or
    rows with ``photos=False``, which writes the rows alone. Gives the number of products.

    Raises:
        ValueError: fewer than one product or worker, or a negative seed.
        SourceError: the folder holds something else.
    """
    if products < 1 or seed < 0 or (workers is not None and workers < 1):
        raise ValueError(
            f"A sample needs at least 1 product and 1 worker and a seed of 0 or more, "
            f"not products={products}, workers={workers}, seed={seed}."
        )
    folder = Path(folder)
    order = Order(VERSION, seed, products, photos)
    report = on_progress or (lambda done, total: None)
    if _prepare(folder, order):
        return products
    if photos:
        _draw_photos(folder, order, workers or _cores(), report)
        _sweep(folder, order)
        report_rows = None
    else:
        report_rows = report
    catalogue.write(folder, _counted(plan(products, seed), products, report_rows), photos)
    _write_manifest(folder, order, complete=True)
    return products


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _counted(
    products: Iterator[PlannedProduct], total: int, report: Progress | None
) -> Iterator[PlannedProduct]:
    for done, product in enumerate(products, 1):
        yield product
        if report and (done % 5000 == 0 or done == total):
            report(done, total)


def _prepare(folder: Path, order: Order) -> bool:
    """Make the folder ours and empty of another order's photos; True when it is complete."""
    manifest = folder / _MANIFEST
    if manifest.exists():
        found = json.loads(manifest.read_text(encoding="utf-8"))
        complete = found.pop("complete", False)
        if found == asdict(order) and complete and (folder / catalogue.FILE).exists():
            return True
        if (found.get("version"), found.get("seed")) != (order.version, order.seed):
            for photo in (folder / "photos").glob("LK*.jpg"):
                photo.unlink()
    elif folder.exists() and any(folder.iterdir()):
        raise SourceError(
            f"{folder} already holds files that are no sample catalogue. "
            "Choose an empty or new folder."
        )
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    for name in (_MANIFEST, catalogue.FILE):
        remove_drafts(folder / name)
    (folder / catalogue.FILE).unlink(missing_ok=True)
    _write_manifest(folder, order, complete=False)
    return False


def _write_manifest(folder: Path, order: Order, complete: bool) -> None:
    text = json.dumps({**asdict(order), "complete": complete}, indent=2) + "\n"
    write_whole(folder / _MANIFEST, text)


def _sweep(folder: Path, order: Order) -> None:
    """Remove photos that are not of this order, left by a larger one or a killed process."""
    ours = {name for product in plan(order.products, order.seed) for name in product.photos}
    for path in (folder / "photos").iterdir():
        if f"photos/{path.name}" not in ours:
            path.unlink()


def _draw_photos(folder: Path, order: Order, workers: int, report: Progress) -> None:
    total = done = missing = 0
    for product in plan(order.products, order.seed):
        here = sum((folder / name).exists() for name in product.photos)
        total, done = total + len(product.photos), done + here
        missing += len(product.photos) - here
    report(done, total)
    batches = _batches(folder, order)
    if workers == 1 or missing <= _MAX_IN_PROCESS:
        for batch in batches:
            done += _draw_batch(folder, order.seed, batch)
            report(done, total)
        return
    # Spawned, not forked: the caller may hold threads (a server, torch) that a fork would break.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: set[Future[int]] = set()
        try:
            for batch in batches:
                waiting.add(pool.submit(_draw_batch, folder, order.seed, batch))
                if len(waiting) > 3 * workers:
                    finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    done += sum(future.result() for future in finished)
                    report(done, total)
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                done += sum(future.result() for future in finished)
                report(done, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _batches(folder: Path, order: Order) -> Iterator[list[PlannedProduct]]:
    """Products with a photo missing, a few at a time."""
    unfinished = (
        product
        for product in plan(order.products, order.seed)
        if not all((folder / name).exists() for name in product.photos)
    )
    while batch := list(islice(unfinished, _BATCH)):
        yield batch


def _draw_batch(folder: Path, seed: int, batch: list[PlannedProduct]) -> int:
    """Draw the missing photos of some products, each file whole or not at all."""
    drawn = 0
    for product in batch:
        for number, name in enumerate(product.photos):
            path = folder / name
            if path.exists():
                continue
            with replacing(path, durable=False) as draft:
                take(product, number, seed).save(draft, "JPEG", quality=QUALITY)
            drawn += 1
    return drawn
