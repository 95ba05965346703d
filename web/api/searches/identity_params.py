"""Parameters of the questions "same product?" and "what is it?"; see `web.api.request_models`."""

from typing import Annotated

from pydantic import Field

from engine.applications.recognition.recogniser import LEAST
from engine.calibration.same_product import DEFAULT_FAR
from web.api.request_models import ApiParams, Id, Number, Text

CROP = (
    "the part of the photo that counts: left, top, width and height in shares of the upright "
    "photo, `0.1,0.2,0.5,0.6`; the whole photo by default"
)


class FarParams(ApiParams):
    """How seldom different products may be taken for one."""

    far: Annotated[float, Number] = Field(
        DEFAULT_FAR,
        gt=0,
        lt=1,
        description="false-accept rate: the share of all pairs of different products that may be "
        "taken for one product; those that were measured are between about 0.0001 and 0.1",
    )


class SameParams(FarParams):
    """Two products to compare."""

    first: Id = Field(description="a product's id")
    second: Id = Field(description="another one's")


class SamePhotoParams(FarParams):
    """A product that an uploaded photo is compared with."""

    product: Id = Field(description="a product's id")
    crop: Text = Field("", description=CROP)


class LeastParams(ApiParams):
    """When a word is said."""

    least: Annotated[float, Number] = Field(
        LEAST, ge=0, le=1, description="the confidence from which on a word is said"
    )


class RecogniseParams(LeastParams):
    """A product to recognise."""

    id: Id = Field(description="a product's id")


class RecognisePhotoParams(LeastParams):
    """How an uploaded photo is recognised."""

    crop: Text = Field("", description=CROP)
