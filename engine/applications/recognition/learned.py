"""What recognition learned from a shop's words, kept in the home: so it is learned once an index.

The file is written in one step, and has a digest of its content. One that is lost, damaged or of
another index is as good as none: the same is learned again.
"""

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from catalog.errors import DatabaseError
from catalog.files import write_whole
from catalog.products.catalogue import Catalogue
from engine.applications.followed_file import FollowedFile
from engine.applications.recognition.confidence import Confidence
from engine.applications.recognition.recogniser import Recogniser
from engine.applications.recognition.words import KnownWords
from engine.errors import EngineError
from engine.index.generation import Generation
from engine.search.live_index import LiveIndex
from engine.settings import EngineSettings

log = logging.getLogger(__name__)

FILE = "recognition.json"
MOST_BYTES = 10_000_000  # of the file


class Learned(BaseModel):
    """How sure votes are, by attribute, and the index whose words that was learned from."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    generation: str
    fingerprint: str  # of its encoder
    confidences: dict[str, Confidence]

    def is_of(self, generation: Generation) -> bool:
        """Whether it was learned from this index."""
        return self.generation == generation.name and self.suits(generation)

    def suits(self, generation: Generation) -> bool:
        """Whether it may be used for this index: its rows are of the same encoder."""
        return self.fingerprint == generation.manifest.fingerprint


class LearnedBook:
    """The file of a home; safe to share between threads.

    Args:
        settings: of the home.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self.path: Path = settings.resolved_home / FILE
        self._file = FollowedFile(self.path, self._read)
        self._unwritten: Learned | None = None  # what was learned here, and could not be kept

    def kept(self) -> Learned | None:
        """What was kept last, read again when the file was replaced; None: nothing usable."""
        return self._unwritten or self._file.current()

    def learn(self, generation: Generation, words: KnownWords) -> Mapping[str, Confidence]:
        """The confidences for an index: those that were kept, else learned now and kept."""
        known = self.kept()
        if known is not None and known.is_of(generation):
            return known.confidences
        found = dict(Recogniser(generation, words).confidences)
        self._keep(
            Learned(
                generation=generation.name,
                fingerprint=generation.manifest.fingerprint,
                confidences=found,
            )
        )
        return found

    def _keep(self, learned: Learned) -> None:
        text = learned.model_dump_json()
        try:
            write_whole(self.path, f"{_digest(text)}\n{text}\n")
            self._unwritten = None
        except OSError as error:
            self._unwritten = learned
            log.warning("What recognition learned is not kept: %s cannot be written: %s",
                        self.path, error)  # fmt: skip

    def _read(self, _: Learned | None) -> Learned | None:
        try:
            if self.path.stat().st_size > MOST_BYTES:
                raise ValueError("it is too large")
            digest, _newline, text = self.path.read_text(encoding="utf-8").partition("\n")
            if digest != _digest(text.removesuffix("\n")):
                raise ValueError("its digest is another one")
            return Learned.model_validate_json(text)
        except (OSError, ValueError, ValidationError) as error:
            log.warning("%s cannot be read, so it is learned again: %s", self.path, error)
            return None


def learn_ahead(settings: EngineSettings, catalogue: Catalogue) -> None:
    """Learn what recognition needs for the live index, so that nobody has to wait for it later.

    It is a help and no duty: what fails is logged.
    """
    try:
        generation = LiveIndex.of(settings, catalogue).current().generation
        if len(generation.ids) > 1:
            LearnedBook(settings).learn(generation, KnownWords(catalogue, generation))
    except (EngineError, DatabaseError, OSError) as error:
        log.warning("Recognition was not learned from this index: %s", error)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
