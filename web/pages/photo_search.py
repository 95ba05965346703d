"""Search by photo: the form, and the products similar to a visitor's photo or a part of it."""

from dataclasses import dataclass

from flask import Blueprint, render_template, request

from engine.errors import GenerationError
from web.answering.visitors import page_visitor
from web.answering.weights import photo_weights
from web.app.context import shop
from web.pages.panel_view import PanelView, unavailable, view_of
from web.pages.photo_form import PhotoForm
from web.photo_search.crop import Crop, proposed_crop
from web.photo_search.kinds import Chosen, Kinds
from web.photo_search.search import search
from web.photo_search.upload import kept_copy, photo_search_slot, uploaded_photo

blueprint = Blueprint("photo_search", __name__)


@dataclass(frozen=True, slots=True)
class PhotoView:
    """What the page shows of a search.

    Attributes:
        form: what the visitor asked.
        panel: the similar items.
        kinds: the types and genders to choose from.
        chosen: those that the panel is narrowed to.
        proposed: the part of the photo to offer; None if there is none.
        copy: the photo, as JPEG in base64; empty for the panel alone.
    """

    form: PhotoForm
    panel: PanelView
    kinds: Kinds
    chosen: Chosen
    proposed: Crop | None = None
    copy: str = ""

    @property
    def guessed(self) -> Chosen:
        """What the page chose or would choose by itself."""
        return self.kinds.guess()


@blueprint.get("/search/photo")
def form() -> str:
    """The form for a photo."""
    return render_template("photo_search.html", view=None)


@blueprint.post("/search/photo")
def results() -> str:
    """Products similar to the uploaded photo, which is not stored."""
    view = answered(whole_page=True)
    weights, menu = photo_weights(shop()), shop().menu()
    return render_template("photo_search.html", view=view, weights=weights, menu=menu)


@blueprint.post("/search/photo/panel")
def part() -> str:
    """The chips and the panel alone, for the page's script to replace."""
    view = answered(whole_page=False)
    return render_template("photo_answer.html", view=view, is_part=True)


def answered(*, whole_page: bool) -> PhotoView:
    """The answer to the current request; without an index, a note instead of results."""
    form = PhotoForm.of(request.form)
    wanted = form.request(photo_weights(shop()))
    photo = uploaded_photo(request, shop(), form.crop)
    with photo_search_slot(shop()):
        copy = kept_copy(photo) if whole_page else ""
        proposed = proposed_crop(photo) if whole_page else None
        try:
            cropped = form.crop.of(photo)
            found = search(shop(), cropped, wanted, page_visitor(), form.choice)
            panel = view_of(shop(), found.panel, filtered=form.tuning.filtered)
        except GenerationError as error:
            panel = unavailable(shop(), error)
            return PhotoView(form, panel, Kinds(), Chosen(), proposed, copy)
    return PhotoView(form, panel, found.kinds, found.chosen, proposed, copy)
