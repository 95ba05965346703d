"""The parameters of a panel that the server renders."""

from typing import Annotated, Literal

from pydantic import Field

from web.api.request_models import Number, SimilarParams, Text


class EmbedParams(SimilarParams):
    """Those of the API, and how the panel looks; `locale` is that of its words and prices."""

    embed: Literal["1", "page"] = Field("1", description="page: a whole document, for a frame")
    heading: Text | None = Field(None, description="empty: none; by default by the locale")
    heading_level: Annotated[int, Number] = Field(2, ge=1, le=6, description="of the heading")
    layout: Literal["grid", "carousel", "auto"] = Field(
        "grid", description="rows, or one that scrolls; auto: one where there is little room"
    )
    currency: Text = Field("", description="of products that name none; empty: the shop's")
    saved: Text | None = Field(None, description="saved ids; shows hearts, also if empty")
    ga4: Text | None = Field(None, description="if given, GA4 gets its events")
    script: Literal["1", "0"] = Field("1", description="0: without the script's tag")
