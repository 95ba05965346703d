"""Similar products by appearance: encoders, index generations, requests. Imports no torch."""

from engine.errors import EngineError, NoGeneration, NotIndexed, RequestError
from engine.recommendation.comparison.same_product import SameAnswer
from engine.recommendation.recommend import recommend
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import Request, RequestOptions
from engine.recommendation.results import Colourway, Fallback, Panel, Recommendation
from engine.search.guards import Lifts

__all__ = [
    "Colourway",
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
    "RequestOptions",
    "SameAnswer",
    "recommend",
]
