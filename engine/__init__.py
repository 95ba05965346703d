"""What looks alike: encoders, index generations, and `recommend()`. Importing it loads no torch."""

from engine.errors import EngineError, NoGeneration, NotIndexed, RequestError
from engine.recommend import Recommender, recommend
from engine.request import Lifts, Request
from engine.results import Fallback, Panel, Recommendation

__all__ = [
    "EngineError",
    "Fallback",
    "Lifts",
    "NoGeneration",
    "NotIndexed",
    "Panel",
    "Recommendation",
    "Recommender",
    "Request",
    "RequestError",
    "recommend",
]
