"""The form of a photo search: the part of the photo, its type and gender, and the tuning."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from engine.recommendation.request import Request
from web.app.params import Args, text_param
from web.pages.tuning import Tuning
from web.photo_search.crop import Crop
from web.photo_search.kinds import Choice

CHIPS = ("category", "gender")
GUESSED = "guessed_"  # prefix of the fields with what was guessed when the form was sent out


@dataclass(frozen=True, slots=True)
class PhotoForm:
    """What a visitor asks of a photo."""

    crop: Crop
    choice: Choice
    tuning: Tuning

    @classmethod
    def of(cls, form: Args) -> Self:
        """The form's fields; all may be missing.

        A chip that is still as it was guessed is guessed again, as the crop may have changed.

        Raises:
            ParameterError: a value has a wrong form.
        """
        named = {}
        for name in CHIPS:
            value = text_param(form, name) or ""
            if name in form and value != (text_param(form, GUESSED + name) or ""):
                named[name] = value
        return cls(Crop.of_form(form), Choice(named), Tuning.of(form))

    def request(self, weights: Mapping[str, float]) -> Request:
        """The engine's request, given the default weights of facets.

        Raises:
            catalog.errors.FilterError: a price is not a number.
        """
        return Request(
            (),
            facets=self.tuning.facet_weights(weights),
            filter=self.tuning.filter,
            diversity=self.tuning.diversity,
            page="photo",
        )
