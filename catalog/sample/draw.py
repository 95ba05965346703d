"""Draws a sample catalogue into a folder, with one process per core."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from catalog.errors import SourceError
from catalog.files import remove_drafts, replacing, write_whole
from catalog.sample import catalogue
from catalog.sample.main_guard import UNGUARDED, is_reimporting_script, unguarded_script
from catalog.sample.photos import take_photo
from catalog.sample.plan import PlannedProduct, plan

VERSION = 3  # raise it when the same seed draws other pixels
QUALITY = 88  # of JPEG
REPORT_ROWS = 5_000  # rows between two reports of progress
_MANIFEST = "sample.json"
_BATCH = 4  # products per task
_MAX_IN_PROCESS = 24  # photos; this many are drawn before worker processes would have started

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class SampleSpec:
    """What a folder contains; stored in its manifest."""

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
    """Draws a sample shop: ``folder/catalogue.csv`` and ``folder/photos/*.jpg``.

    A smaller shop is the beginning of a larger one with the same seed. An interrupted folder is
    completed; a complete one is not changed.

    Args:
        folder: where to write; empty, new, or a sample catalogue.
        products: the number of products.
        seed: the same seed and number of products give the same bytes.
        workers: the number of processes; by default one per core.
        on_progress: called with the number of photos done and in total; of rows with
            ``photos=False``.
        photos: False writes ``catalogue.csv`` alone.

    Returns:
        The number of products.

    Raises:
        ValueError: fewer than one product or worker, or a negative seed.
        SourceError: the folder contains other files.
    """
    if is_reimporting_script():
        raise SystemExit(1)  # quietly: the parent reports it, once
    if products < 1 or seed < 0 or (workers is not None and workers < 1):
        raise ValueError(
            f"A sample needs at least 1 product and 1 worker and a seed of 0 or more, "
            f"not products={products}, workers={workers}, seed={seed}."
        )
    folder = Path(folder)
    spec = SampleSpec(VERSION, seed, products, photos)
    report = on_progress or (lambda done, total: None)
    if _prepare(folder, spec):
        return products
    if photos:
        _draw_photos(folder, spec, workers or _cores(), report)
        _remove_other_photos(folder, spec)
        report_rows = None
    else:
        report_rows = report
    catalogue.write(folder, _counted(plan(products, seed), products, report_rows), photos)
    _write_manifest(folder, spec, complete=True)
    return products


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _counted(
    products: Iterator[PlannedProduct], total: int, report: Progress | None
) -> Iterator[PlannedProduct]:
    for done, product in enumerate(products, 1):
        yield product
        if report and (done % REPORT_ROWS == 0 or done == total):
            report(done, total)


def _prepare(folder: Path, spec: SampleSpec) -> bool:
    """Prepares the folder, without photos of another seed; True if it is complete already."""
    manifest = folder / _MANIFEST
    if manifest.exists():
        found = json.loads(manifest.read_text(encoding="utf-8"))
        complete = found.pop("complete", False)
        if found == asdict(spec) and complete and (folder / catalogue.FILE).exists():
            return True
        if (found.get("version"), found.get("seed")) != (spec.version, spec.seed):
            for photo in (folder / "photos").glob("LK*.jpg"):
                photo.unlink()
    elif folder.exists() and any(folder.iterdir()):
        raise SourceError(
            f"{folder} already contains files that are not a sample catalogue. "
            "Choose an empty or new folder."
        )
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    for name in (_MANIFEST, catalogue.FILE):
        remove_drafts(folder / name)
    (folder / catalogue.FILE).unlink(missing_ok=True)
    _write_manifest(folder, spec, complete=False)
    return False


def _write_manifest(folder: Path, spec: SampleSpec, complete: bool) -> None:
    text = json.dumps({**asdict(spec), "complete": complete}, indent=2) + "\n"
    write_whole(folder / _MANIFEST, text)


def _remove_other_photos(folder: Path, spec: SampleSpec) -> None:
    """Removes photos of a larger shop, and what a killed process left."""
    expected = {name for product in plan(spec.products, spec.seed) for name in product.photos}
    for path in (folder / "photos").iterdir():
        if f"photos/{path.name}" not in expected:
            path.unlink()


def _draw_photos(folder: Path, spec: SampleSpec, workers: int, report: Progress) -> None:
    total = done = missing = 0
    for product in plan(spec.products, spec.seed):
        here = sum((folder / name).exists() for name in product.photos)
        total, done = total + len(product.photos), done + here
        missing += len(product.photos) - here
    report(done, total)
    batches = _batches(folder, spec)
    if workers == 1 or missing <= _MAX_IN_PROCESS:
        for batch in batches:
            done += _draw_batch(folder, spec.seed, batch)
            report(done, total)
        return
    # Spawned, not forked: a fork would break the threads of the caller (a server, torch).
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: set[Future[int]] = set()
        try:
            for batch in batches:
                waiting.add(pool.submit(_draw_batch, folder, spec.seed, batch))
                if len(waiting) > 3 * workers:
                    finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    done += sum(future.result() for future in finished)
                    report(done, total)
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                done += sum(future.result() for future in finished)
                report(done, total)
        except BrokenProcessPool:
            raise SourceError(_why_broken()) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _why_broken() -> str:
    if script := unguarded_script():
        return UNGUARDED.format(script=script, call="draw_catalogue(...)")
    return (
        "A process that draws photos died, most likely for lack of memory. Run it again with fewer "
        "workers; it continues from here."
    )


def _batches(folder: Path, spec: SampleSpec) -> Iterator[list[PlannedProduct]]:
    """Products with a missing photo, in small batches."""
    unfinished = (
        product
        for product in plan(spec.products, spec.seed)
        if not all((folder / name).exists() for name in product.photos)
    )
    while batch := list(islice(unfinished, _BATCH)):
        yield batch


def _draw_batch(folder: Path, seed: int, batch: list[PlannedProduct]) -> int:
    """Draws the missing photos of some products; returns their number."""
    drawn = 0
    for product in batch:
        for number, name in enumerate(product.photos):
            path = folder / name
            if path.exists():
                continue
            with replacing(path, durable=False) as draft:
                take_photo(product, number, seed).save(draft, "JPEG", quality=QUALITY)
            drawn += 1
    return drawn
