"""Recognition for requests, which never wait until it has learned from the shop's words.

`lookalike reindex` and `watch` learn ahead. Where the home has nothing of that, as on a further web
server, one thread of a process learns in the background, and requests are told to try again.
"""

import logging
from threading import Lock, Thread

from PIL import Image

from catalog.errors import DatabaseError
from engine.applications.recognition.recognition import Recognition, RecognitionAnswer
from engine.errors import EngineError, NotLearned
from web.app.context import Shop

log = logging.getLogger(__name__)

_learning = Lock()


def recognise(shop: Shop, one: str | Image.Image, least: float) -> RecognitionAnswer:
    """What a product or photo is; errors as for `Recognition.recognise`, without learning."""
    try:
        return shop.recognition.recognise(one, least, learn=False)
    except NotLearned:
        _learn(shop.recognition)
        raise


def version(shop: Shop) -> str:
    """What it learned from; answers are the same while this is."""
    return shop.recognition.learned_from


def _learn(recognition: Recognition) -> None:
    """Learn in the background, in one thread at a time."""
    if _learning.acquire(blocking=False):
        Thread(target=_learned, args=(recognition,), name="learn-words", daemon=True).start()


def _learned(recognition: Recognition) -> None:
    try:
        recognition.prepare()
    except (EngineError, DatabaseError) as error:
        log.warning("Recognition was not learned: %s", error)
    finally:
        _learning.release()
