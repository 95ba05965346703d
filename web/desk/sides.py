"""The two sides of a comparison: which index answers, and with which settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from engine.recommendation.request import Request
from web.api.text_params import facet_weights
from web.app.errors import ParameterError
from web.app.params import number


@dataclass(frozen=True, slots=True)
class Side:
    """How one side answers.

    Attributes:
        home: the name of the folder of another index; empty: the shop's own.
        facets: facet weights as text, such as "colour:2,shape:1"; empty: the defaults.
        diversity: 0 to 1, see `engine.recommendation.request.Request`.
        rules: whether merchandising rules are followed.
    """

    home: str = ""
    facets: str = ""
    diversity: float = 0.0
    rules: bool = False

    @classmethod
    def of(cls, args: Mapping[str, str], prefix: str) -> Self:
        """The side in a URL, in the parameters that start with ``prefix``.

        Raises:
            ParameterError: a value is not valid.
        """
        facets = str(args.get(f"{prefix}facets", "")).replace(" ", "")[:200]
        facet_weights(facets)
        diversity = number(str(args.get(f"{prefix}diversity") or "0"))
        if not 0 <= diversity <= 1:
            raise ParameterError("Variety must be a number from 0 to 1.")
        rules = args.get(f"{prefix}rules") == "true"
        return cls(str(args.get(f"{prefix}home", ""))[:100], facets, diversity, rules)

    def request(self, seed: str) -> Request:
        """What the engine is asked for a seed."""
        return Request(
            (seed,),
            facets=facet_weights(self.facets),
            diversity=self.diversity,
            rules=self.rules,
        )

    def query(self, prefix: str) -> dict[str, str]:
        """The URL parameters of this side."""
        values = {
            "home": self.home,
            "facets": self.facets,
            "diversity": f"{self.diversity:g}" if self.diversity else "",
            "rules": "true" if self.rules else "",
        }
        return {prefix + name: value for name, value in values.items() if value}

    def text(self) -> str:
        """A description, also for people; equal sides have equal texts."""
        parts = [f"index of {self.home}" if self.home else "the shop's index"]
        parts.append(f"weights {self.facets}" if self.facets else "usual weights")
        if self.diversity:
            parts.append(f"variety {self.diversity:g}")
        if self.rules:
            parts.append("with rules")
        return ", ".join(parts)
