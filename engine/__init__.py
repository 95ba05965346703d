"""What looks alike: encoders, index generations, and `recommend()`. Importing it loads no torch."""

from engine.errors import EngineError, NoGeneration, NotIndexed, RequestError
from engine.recommend import Recommender, recommend
from engine.results import Panel, Recommendation

__all__ = [
    "EngineError",
    "NoGeneration",
    "NotIndexed",
    "Panel",
    "Recommendation",
    "Recommender",
    "RequestError",
    "recommend",
]
