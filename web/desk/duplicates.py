"""What is listed twice, and photos on the wrong product: to be merged, told apart or left."""

from dataclasses import dataclass, replace

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from catalog.desk.decisions import Decision, Decisions, Kind
from catalog.desk.found_pairs import FoundPair, FoundPairs
from catalog.errors import UnknownProduct
from catalog.records import Photo, Product
from web.app.context import shop
from web.app.errors import ParameterError
from web.app.params import int_param, text_param
from web.desk.room import blueprint

PER_PAGE = 20
MAX_PAGE = 10_000
MOST_DECIDED = 50  # that are shown
KINDS: dict[str, Kind] = {"product": "product", "photo": "photo"}
SAID = {
    ("product", "same"): "{} and {} are one product: merged.",
    ("product", "different"): "{} and {} are two products.",
    ("photo", "same"): "The photo belongs to {}.",
    ("photo", "different"): "The photo is on the wrong product, {}: correct it in its source.",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair with what is shown of it.

    Attributes:
        found: the pair.
        product: the first product, or that of the photo with its other photos.
        other: the second product; None of a photo.
        photo: the photo that disagrees; None of two products.
    """

    found: FoundPair
    product: Product
    other: Product | None
    photo: Photo | None


@blueprint.get("/duplicates")
def duplicates() -> str:
    """Pairs that wait for a decision, and the latest decisions."""
    kind = kind_of(request.args.get("kind", "product"))
    page = int_param(request.args, "page", default=1, low=1, high=MAX_PAGE)
    db = shop().catalogue.db
    found, total = FoundPairs(db).open_pairs(kind, page, PER_PAGE)
    decided = Decisions(db).all(kind)
    return render_template(
        "desk/duplicates.html",
        kind=kind,
        pairs=shown(kind, found),
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        decided=with_titles(kind, decided[:MOST_DECIDED]),
        decisions=len(decided),
        section="duplicates",
    )


@blueprint.post("/duplicates")
def decide() -> BaseResponse:
    """Keep a decision on a pair, or forget it."""
    kind = kind_of(request.form.get("kind", ""))
    page = int_param(request.form, "page", default=1, low=1, high=MAX_PAGE)
    first, second = (text_param(request.form, name) or "" for name in ("first", "second"))
    choice = request.form.get("choice", "")
    decisions = Decisions(shop().catalogue.db)
    if choice == "undo":
        decisions.withdraw(kind, first, second)
        flash("The decision is undone. The pair waits again, at the latest after the next search.")
    elif (kind, choice) in SAID:
        try:
            decisions.decide(kind, first, second, same=choice == "same")
            flash(SAID[kind, choice].format(first, second))
        except (UnknownProduct, ValueError) as error:
            flash(str(error))
    else:
        raise ParameterError("Choose whether both are the same or not.")
    return redirect(url_for("desk.duplicates", kind=kind, page=page), code=303)


def kind_of(text: str) -> Kind:
    """The kind of pairs that is named.

    Raises:
        ParameterError: there is no such kind.
    """
    if text not in KINDS:
        raise ParameterError("kind is product or photo.")
    return KINDS[text]


def shown(kind: Kind, found: list[FoundPair]) -> list[Pair]:
    """The pairs whose products, and photo, are still in the catalogue."""
    ids = [one.first for one in found]
    ids += [one.second for one in found if kind == "product"]
    products = shop().catalogue.products(ids)
    pairs = []
    for one in found:
        product, other = products.get(one.first), products.get(one.second)
        if product is None:
            continue
        photos = [photo for photo in product.photos if photo.content_hash == one.second]
        if kind == "product" and other is not None:
            pairs.append(Pair(one, product, other, None))
        elif kind == "photo" and photos:
            others = tuple(photo for photo in product.photos if photo not in photos)
            pairs.append(Pair(one, replace(product, photos=others), None, photos[0]))
    return pairs


def with_titles(kind: Kind, decided: tuple[Decision, ...]) -> list[tuple[Decision, str, str]]:
    """Decisions, each with the titles of what it is about; ids of products that are gone."""
    ids = [name for one in decided for name in (one.first, one.second)]
    products = shop().catalogue.products(
        ids if kind == "product" else [one.first for one in decided]
    )
    titles = {name: product.title for name, product in products.items()}
    return [
        (one, titles.get(one.first, one.first), titles.get(one.second, one.second))
        for one in decided
    ]
