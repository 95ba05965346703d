"""The exceptions of the engine.

EngineError
├── SettingsError            a setting makes no sense
├── EncoderError             an encoder is not available or not usable
│   ├── EncoderUnavailable   there is no such model, or its hub cannot be reached
│   └── CheckpointError      its files are broken or of another architecture
├── GenerationError          an index generation cannot be used
│   ├── NoGeneration         nothing has been published yet
│   ├── BrokenGeneration     files disagree with their manifest
│   ├── NeedsRebuild         a delta is not possible: the whole index must be built
│   ├── StoreError           the server that holds an index cannot be used
│   └── Busy                 another reindex is running in this home
├── EmbedderError            the machines that embed photos cannot be used
├── CacheError               the cache of photo vectors cannot be read or written
├── StorageError             a disk is full, or cannot be written
├── DecodeError              photos cannot be decoded, because a process died
├── CalibrationError         a calibration cannot be read, or is of another encoder
├── NotLearned               recognition was not learned from the shop's words yet
├── BrokenStyles             the stored styles cannot be read
├── StylesFailed             the styles could not be found again
├── NotIndexed               the product is not in the live generation
├── RequestError             a request is invalid (its k, facets, seeds, ...)
└── TrainingError            training cannot start or had to stop
    ├── NotEnoughData        no triplet can be formed
    ├── DeviceUnavailable    the requested device does not exist
    ├── Diverged             the loss is not finite, or the embedding collapsed
    └── Interrupted          Ctrl-C or SIGTERM stopped training; its state is saved

Each message says what was wrong, where, and what to do next.
"""


class EngineError(Exception):
    """Base of all exceptions that the engine raises on purpose."""


class SettingsError(EngineError):
    """A setting makes no sense."""


class EncoderError(EngineError):
    """An encoder is not available or not usable."""


class EncoderUnavailable(EncoderError):
    """There is no such encoder, or its hub cannot be reached."""


class CheckpointError(EncoderError):
    """An encoder's files are broken, or of another architecture."""


class GenerationError(EngineError):
    """An index generation cannot be used."""


class NoGeneration(GenerationError):
    """Nothing has been published yet."""


class BrokenGeneration(GenerationError):
    """A generation's files disagree with its manifest, or what a server had of it is lost."""


class InAnotherStore(BrokenGeneration):
    """A generation cannot be used as its rows are in another store than that of the settings."""


class NeedsRebuild(GenerationError):
    """A delta is not possible: the whole index must be built."""


class StoreError(GenerationError):
    """The server that holds an index cannot be reached, or is not right for it."""


class Busy(GenerationError):
    """Another reindex is running in this home."""


class EmbedderError(EngineError):
    """The machines that embed photos cannot be used."""


class CacheError(EngineError):
    """The cache of photo vectors cannot be read or written."""


class StorageError(EngineError):
    """A disk is full, or cannot be written."""


class DecodeError(EngineError):
    """Photos cannot be decoded, because a process that decodes died."""


class CalibrationError(EngineError):
    """A calibration cannot be read, or belongs to another encoder."""


class NotLearned(EngineError):
    """How sure recognition is was not learned from the shop's words yet."""


class BrokenStyles(EngineError):
    """The stored styles cannot be read, or do not fit together."""


class StylesFailed(EngineError):
    """The styles could not be found again by a process of its own."""


class BrokenMap(EngineError):
    """The stored map cannot be read, or its parts do not fit together."""


class NotIndexed(EngineError):
    """The product is in no published generation."""


class RequestError(EngineError, ValueError):
    """A request is invalid."""


class TrainingError(EngineError):
    """Training cannot start, or had to stop."""


class NotEnoughData(TrainingError):
    """No triplet can be formed from the data."""


class DeviceUnavailable(TrainingError):
    """The requested device does not exist."""


class Diverged(TrainingError):
    """The loss is not finite, or all embeddings collapsed onto one point."""


class Interrupted(TrainingError):
    """Ctrl-C or SIGTERM stopped training after a step.

    Attributes:
        signal: the signal's number.
    """

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal = signal
