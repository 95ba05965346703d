"""Embedding on the machines of a Ray cluster, by Ray Data.

Blocks of hashes and paths go to actors, each of which has loaded the encoder once, and rows come
back; pixels never travel. Every machine needs the same Lookalike, and the photos at the same paths.
A worker that is killed is replaced, at the cost of its block.
"""

import logging
import os
import platform
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import ray
import ray.data
from ray.exceptions import RayError

from catalog.photos.decode_squares import PhotoFile, SquareLimits
from engine import errors
from engine.arrays import Float32
from engine.embedding.embedders.embedder import EmbeddedBatch
from engine.embedding.embedders.local import LocalEmbedder
from engine.embedding.embedders.shares import share_of
from engine.embedding.reports import PhotoFailure
from engine.encoders.encoder import Encoder
from engine.errors import EmbedderError, EncoderError, EngineError
from engine.settings import send_no_usage_to_ray

BLOCK = 256  # photos that a worker gets at a time, and that a killed one costs
ROUND = 1_000  # blocks after which the cluster is looked at again: machines may have joined
RESTARTS = 20  # of one worker in a round
RETRIES = 4  # of one block, which may be what kills its workers
BLOCK_COLUMNS = pa.schema({"photo": pa.string(), "path": pa.string()})
ANSWER = pa.schema(
    {"photo": pa.string(), "path": pa.string(), "row": pa.binary(), "reason": pa.string()}
)
STOPPED = pa.schema({"error": pa.string(), "message": pa.string()})  # instead of an answer


@dataclass(frozen=True)
class Work:
    """What every worker does.

    Attributes:
        fingerprint: of the encoder.
        load: loads the encoder; it is pickled.
        limits: how photos are decoded.
        workers: decoding processes beside each encoder; 0: one for each core that it has.
        batch_size: photos that are encoded at a time.
    """

    fingerprint: str
    load: Callable[[], Encoder]
    limits: SquareLimits
    workers: int = 0
    batch_size: int = 64


class RayEmbedder:
    """See the module.

    Args:
        work: what workers do.
        address: of a cluster, such as "auto" or "host:6379"; empty starts one on this machine.
        gpus: whether workers use GPUs where the cluster has some.
    """

    def __init__(self, work: Work, address: str = "", *, gpus: bool = True) -> None:
        self._work, self._address, self._gpus = work, address, gpus

    @property
    def fingerprint(self) -> str:
        """That of the encoder."""
        return self._work.fingerprint

    def embed(self, photos: Sequence[PhotoFile]) -> Iterator[EmbeddedBatch]:
        """As `Embedder.embed`; batches come as workers finish them."""
        if not photos:
            return
        with _cluster(self._address):
            for start in range(0, len(photos), BLOCK * ROUND):
                with closing(self._round(photos[start : start + BLOCK * ROUND])) as batches:
                    yield from batches

    def _round(self, photos: Sequence[PhotoFile]) -> Generator[EmbeddedBatch, None, None]:
        blocks = [block_of(photos[at : at + BLOCK]) for at in range(0, len(photos), BLOCK)]
        share = share_of(ray.nodes(), self._gpus, len(blocks))
        try:
            answers = ray.data.from_arrow(blocks).map_batches(
                Worker,
                fn_constructor_args=(self._work, share.cores),
                batch_size=None,  # a block as it is
                batch_format="pyarrow",
                compute=ray.data.ActorPoolStrategy(size=share.workers),
                num_cpus=share.cores,
                num_gpus=share.gpus,
                max_restarts=RESTARTS,
                max_task_retries=RETRIES,
            )
            for answer in answers.iter_batches(batch_size=None, batch_format="pyarrow"):
                yield batch_of(answer)
        except RayError as error:
            raise EmbedderError(
                f"Embedding by Ray stopped: {type(error).__name__}: {error}\nWhat was embedded is "
                "cached. See the logs of Ray, and run the command again to go on."
            ) from error


class Worker:
    """Embeds blocks in a process of the cluster.

    Args:
        work: what to do.
        cores: that it may use.
    """

    def __init__(self, work: Work, cores: int) -> None:
        self._work, self._cores = work, cores
        self._embedder: LocalEmbedder | None = None

    def __call__(self, block: pa.Table) -> pa.Table:
        """`BLOCK_COLUMNS` -> `ANSWER`, with a row's bytes or the reason for none; or `STOPPED`.

        An error of ours is an answer, since Ray would try again, and wrap it beyond recognition.
        """
        try:
            self._embedder = self._embedder or self._loaded()
            return self._embed(self._embedder, block)
        except EngineError as error:
            return pa.table([[type(error).__name__], [str(error)]], schema=STOPPED)

    def _embed(self, embedder: LocalEmbedder, block: pa.Table) -> pa.Table:
        paths = dict(zip(block["photo"].to_pylist(), block["path"].to_pylist(), strict=True))
        photos = [PhotoFile(Path(path), photo) for photo, path in paths.items()]
        rows: dict[str, Float32] = {}
        reasons: dict[str, str] = {}
        for batch in embedder.embed(photos):
            rows |= batch.rows
            reasons |= {failure.path: failure.reason for failure in batch.failures}
        answers = [
            (photo, path, rows[photo].tobytes() if photo in rows else None, reasons.get(path))
            for photo, path in paths.items()
        ]
        return pa.table(list(map(list, zip(*answers, strict=True))), schema=ANSWER)

    def _loaded(self) -> LocalEmbedder:
        work = self._work
        encoder = work.load()
        if encoder.fingerprint != work.fingerprint:
            raise EncoderError(
                f"{platform.node()} has another encoder {encoder.name!r} than the machine that "
                "asks: its fingerprint differs. Install the same version of Lookalike and the same "
                "model on all machines of the cluster."
            )
        workers = work.workers or self._cores
        return LocalEmbedder(encoder, work.limits, workers=workers, batch_size=work.batch_size)


@contextmanager
def _cluster(address: str) -> Iterator[None]:
    """Connects to a cluster, or starts one that ends with the block; one that is there is used."""
    started = not ray.is_initialized()
    if started:
        options: dict[str, Any] = {"address": address or "local", "log_to_driver": False}
        if not address:
            options |= {"num_cpus": len(os.sched_getaffinity(0)), "include_dashboard": False}
        send_no_usage_to_ray()
        try:
            ray.init(logging_level=logging.ERROR, **options)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            raise EmbedderError(
                f"The Ray cluster {address or 'of this machine'} cannot be used: {error}. Start it "
                "(`ray start`), correct LOOKALIKE_RAY_ADDRESS, or leave LOOKALIKE_EMBEDDER out to "
                "embed on this machine."
            ) from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # progress is ours to show
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        yield
    finally:
        if started:
            ray.shutdown()


def block_of(photos: Sequence[PhotoFile]) -> pa.Table:
    """The block of some photos."""
    columns = [[one.content_hash for one in photos], [str(one.path.absolute()) for one in photos]]
    return pa.table(columns, schema=BLOCK_COLUMNS)


def batch_of(answer: pa.Table) -> EmbeddedBatch:
    """What a worker answered; raises its error."""
    if answer.column_names == STOPPED.names:
        (stopped,) = answer.to_pylist()
        raise getattr(errors, stopped["error"])(stopped["message"])
    rows: dict[str, Float32] = {}
    failures = []
    for photo, path, row, reason in zip(*(answer[name] for name in ANSWER.names), strict=True):
        if row.is_valid:
            rows[photo.as_py()] = np.frombuffer(row.as_py(), dtype=np.float32)
        else:
            failures.append(PhotoFailure(path.as_py(), reason.as_py() or "it was not embedded"))
    return EmbeddedBatch(rows, tuple(failures))
