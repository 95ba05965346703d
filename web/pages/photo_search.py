"""Search by photo: the form, and the products similar to a visitor's photo."""

from flask import Blueprint, render_template, request
from PIL import Image

from engine.errors import GenerationError
from engine.recommendation.request import Request
from web.answering import answers
from web.answering.visitors import page_visitor
from web.app.context import shop
from web.app.upload import photo_search_slot, preview, uploaded_photo
from web.pages.panel_view import PanelView, unavailable, view_of

blueprint = Blueprint("photo_search", __name__)


@blueprint.get("/search/photo")
def form() -> str:
    """The form for a photo."""
    return render_template("photo_search.html", panel=None, photo=None)


@blueprint.post("/search/photo")
def results() -> str:
    """Products similar to the uploaded photo, which is not stored."""
    photo = uploaded_photo(request, shop())
    with photo_search_slot(shop()):
        panel = similar_items(photo)
    return render_template("photo_search.html", panel=panel, photo=preview(photo))


def similar_items(photo: Image.Image) -> PanelView:
    """The panel of a photo; without an index, a note instead of results."""
    try:
        panel = answers.answer(shop(), Request(()), page_visitor(), photo)
        return view_of(shop(), panel)
    except GenerationError as error:
        return unavailable(shop(), error)
