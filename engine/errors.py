"""Everything that can go wrong while finding what looks alike.

EngineError
├── SettingsError            a setting makes no sense
├── EncoderError             an encoder cannot be had or does not fit
│   ├── EncoderUnavailable   its weights cannot be reached (a hub, a folder)
│   └── CheckpointError      its files are broken or of another architecture
├── GenerationError          an index generation cannot be used
│   ├── NoGeneration         nothing has been published yet
│   ├── BrokenGeneration     files disagree with their manifest
│   ├── NeedsRebuild         a delta will not do: the whole index must be built
│   └── Busy                 another reindex is running in this home
├── CacheError               the cache of photo vectors cannot be read or written
├── StorageError             a disk is full, or cannot be written
├── DecodeError              photos cannot be decoded: a worker process died
├── CalibrationError         a calibration cannot be read, or is of another encoder
├── NotIndexed               the product is not in the live generation
├── RequestError             a question that makes no sense (k, facets, no seeds)
└── TrainingError            training cannot start or had to stop
    ├── NotEnoughData        no triplet can be formed
    ├── DeviceUnavailable    the device asked for is not there
    └── Diverged             the loss is not finite, or the embedding collapsed

Each message says what was wrong, where, and what to do next.
"""


class EngineError(Exception):
    """Base of every error that the engine raises on purpose."""


class SettingsError(EngineError):
    """A setting makes no sense."""


class EncoderError(EngineError):
    """An encoder cannot be had or does not fit."""


class EncoderUnavailable(EncoderError):
    """An encoder's weights cannot be reached."""


class CheckpointError(EncoderError):
    """An encoder's files are broken, or of another architecture."""


class GenerationError(EngineError):
    """An index generation cannot be used."""


class NoGeneration(GenerationError):
    """Nothing has been published yet."""


class BrokenGeneration(GenerationError):
    """A generation's files disagree with its manifest."""


class NeedsRebuild(GenerationError):
    """A delta will not do: the whole index must be built."""


class Busy(GenerationError):
    """Another reindex is running in this home."""


class CacheError(EngineError):
    """The cache of photo vectors cannot be read or written."""


class StorageError(EngineError):
    """A disk is full, or cannot be written."""


class DecodeError(EngineError):
    """Photos cannot be decoded, because a worker process died."""


class CalibrationError(EngineError):
    """A calibration cannot be read, or belongs to another encoder."""


class NotIndexed(EngineError):
    """The product is in no published generation."""


class RequestError(EngineError, ValueError):
    """A question that makes no sense."""


class TrainingError(EngineError):
    """Training cannot start, or had to stop."""


class NotEnoughData(TrainingError):
    """No triplet can be formed from the data."""


class DeviceUnavailable(TrainingError):
    """The device asked for is not there."""


class Diverged(TrainingError):
    """The loss is not finite, or every embedding fell onto one point."""
