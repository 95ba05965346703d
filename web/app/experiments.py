"""A/B experiments: arms that answer differently, and a fixed split of the visitors over them.

An experiment is a TOML file that a setting names:

    name = "colour first"       # another name splits the visitors differently

    [arms.control]              # the arm that others are compared with
    weight = 1                  # relative share of the visitors

    [arms.colour]
    facets = { colour = 3 }     # unless the visitor chose facets
    diversity = 0.3             # unless the visitor chose one
    home = "/srv/other-model"   # answers from the index in this home
"""

import hashlib
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalog.validation import problem
from engine.recommendation.request import Request
from web.app.errors import SettingsError

MAX_NAME = 60
STEPS = 2**64  # resolution of the split

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=r"^[^\x00-\x1f\x7f]*$")]
FacetWeight = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class ArmTable(BaseModel):
    """One arm in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: float = Field(1, ge=0, le=1e6, allow_inf_nan=False)
    facets: dict[str, FacetWeight] | None = Field(None, min_length=1)
    diversity: float | None = Field(None, ge=0, le=1, allow_inf_nan=False)
    home: Path | None = None


class ExperimentTable(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    arms: dict[Name, ArmTable] = Field(min_length=2)


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm; a field that is None keeps the shop's default."""

    name: str
    facets: Mapping[str, float] | None = None
    diversity: float | None = None
    home: Path | None = None

    def applied(self, request: Request) -> Request:
        """A request with this arm's settings; what the visitor chose stays.

        Returns the request itself if nothing changes.
        """
        if self.facets is not None and request.facets is None:
            request = replace(request, facets=self.facets)
        if self.diversity is not None and not request.diversity:
            request = replace(request, diversity=self.diversity)
        return request


@dataclass(frozen=True, slots=True)
class Experiment:
    """Arms, and the relative share of visitors that each gets (``weights``)."""

    name: str
    arms: tuple[Arm, ...]
    weights: tuple[float, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an experiment's file.

        Raises:
            SettingsError: it cannot be read, or a value is invalid.
        """
        try:
            table = ExperimentTable.model_validate(tomllib.loads(path.read_text("utf-8")))
        except OSError as error:
            raise SettingsError(
                f"The experiment {path} cannot be read ({error.strerror}). "
                "Correct LOOKALIKE_EXPERIMENT, or unset it."
            ) from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise SettingsError(
                f"The experiment {path} is invalid: {where}: {problem(first)}. See web/README.md."
            ) from error
        except ValueError as error:  # not UTF-8, or not TOML
            raise SettingsError(f"The experiment {path} is not a TOML file: {error}.") from error
        if not any(arm.weight for arm in table.arms.values()):
            raise SettingsError(
                f"The experiment {path} has no arm with a weight above 0. Give at least one."
            )
        return cls(
            table.name,
            tuple(
                Arm(name, arm.facets, arm.diversity, arm.home) for name, arm in table.arms.items()
            ),
            tuple(arm.weight for arm in table.arms.values()),
        )

    def arm_of(self, visitor: str) -> Arm:
        """The arm of a visitor: the same in every process and at every time."""
        digest = hashlib.sha256(f"{self.name}\n{visitor}".encode()).digest()
        place = int.from_bytes(digest[:8], "big") / STEPS * sum(self.weights)
        ends = list(accumulate(self.weights))
        # An arm of weight 0 ends where the one before it does, and gets no visitor.
        last = max(index for index, weight in enumerate(self.weights) if weight)
        return self.arms[min(bisect_right(ends, place), last)]
