"""A/B experiments: a few ways to answer, and a split of the visitors that never changes its mind.

An experiment is a TOML file that a setting names:

    name = "colour first"       # visitors are split anew under another name

    [arms.control]              # the arm that others are held against
    weight = 1                  # its share of the visitors, relative to the others

    [arms.colour]
    facets = { colour = 3 }     # unless the visitor chose facets
    diversity = 0.3             # unless the visitor chose one
    home = "/srv/other-model"   # answers come from the index in this home
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

from engine.recommendation.request import Request
from web.app.errors import SettingsError

MAX_NAME = 60
STEPS = 2**64  # how finely a split can be set

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=r"^[^\x00-\x1f\x7f]*$")]
FacetWeight = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class ArmTable(BaseModel):
    """One arm as the file has it."""

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
    """One way to answer. What is None is as the shop has it anyway."""

    name: str
    facets: Mapping[str, float] | None = None
    diversity: float | None = None
    home: Path | None = None

    def applied(self, question: Request) -> Request:
        """A question as this arm asks it; what the visitor chose stays."""
        changes: dict[str, object] = {}
        if self.facets is not None and question.facets is None:
            changes["facets"] = self.facets
        if self.diversity is not None and not question.diversity:
            changes["diversity"] = self.diversity
        return replace(question, **changes) if changes else question  # type: ignore[arg-type]  # read and checked once


@dataclass(frozen=True, slots=True)
class Experiment:
    """Arms, and the share of the visitors that each gets (``weights``, relative)."""

    name: str
    arms: tuple[Arm, ...]
    weights: tuple[float, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an experiment's file.

        Raises:
            SettingsError: it cannot be read, or makes no sense.
        """
        try:
            table = ExperimentTable.model_validate(tomllib.loads(path.read_text("utf-8")))
        except OSError as error:
            raise SettingsError(
                f"The experiment {path} cannot be read ({error.strerror}). "
                "Correct LOOKALIKE_EXPERIMENT, or leave it out."
            ) from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            wrong = "there is no such key" if first["type"] == "extra_forbidden" else first["msg"]
            raise SettingsError(
                f"The experiment {path} makes no sense: {where}: {wrong}. See the README."
            ) from error
        except ValueError as error:  # no UTF-8, no TOML
            raise SettingsError(f"The experiment {path} is no TOML file: {error}.") from error
        if not any(arm.weight for arm in table.arms.values()):
            raise SettingsError(f"The experiment {path} gives no arm a weight above 0.")
        return cls(
            table.name,
            tuple(
                Arm(name, arm.facets, arm.diversity, arm.home) for name, arm in table.arms.items()
            ),
            tuple(arm.weight for arm in table.arms.values()),
        )

    def arm_of(self, visitor: str) -> Arm:
        """The arm of a visitor: the same one every time, in every process."""
        digest = hashlib.sha256(f"{self.name}\n{visitor}".encode()).digest()
        place = int.from_bytes(digest[:8], "big") / STEPS * sum(self.weights)
        ends = list(accumulate(self.weights))
        # A weight of 0 ends where the one before does, so that nobody falls between the two.
        last = max(index for index, weight in enumerate(self.weights) if weight)
        return self.arms[min(bisect_right(ends, place), last)]
