"""Maps the columns of a file to our fields, by name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.errors import SourceError

# Field -> the column names that feeds use for it, the likeliest first, as `normal_name` has them.
SYNONYMS: dict[str, str] = {
    "id": "id product_id productid item_id article_id articleid sku variant_sku item_code "
    "article_number code handle",
    "title": "title name product_name product_title product_display_name productdisplayname "
    "prod_name display_name item_name",
    "brand": "brand brand_name vendor manufacturer label_name maker",
    "category": "category category_path categories product_type product_category "
    "product_type_name type_path google_product_category_path product_category_tree category_tree "
    "category_name product_categories breadcrumb breadcrumbs",
    "gender": "gender sex target_gender",
    "age_group": "age_group agegroup age target_age",
    "colour": "colour color base_colour base_color basecolour colour_name color_name "
    "colour_group_name main_colour main_color",
    "pattern": "pattern print pattern_name graphical_appearance_name",
    "price": "price current_price variant_price price_amount regular_price list_price retail_price "
    "base_price unit_price mrp",
    "sale_price": "sale_price saleprice special_price discount_price discounted_price "
    "price_sale offer_price",
    # The earlier price, in feeds whose price is what a customer pays now.
    "old_price": "old_price compare_at_price variant_compare_at_price compare_at was_price "
    "original_price price_before regular_price",
    "currency": "currency currency_code price_currency",
    "availability": "availability available in_stock stock_status availability_status",
    "stock": "stock quantity qty inventory stock_quantity inventory_quantity stock_level",
    "group_id": "group_id item_group_id group parent_id parent_sku variant_group style_id "
    "model_id product_code",
    "link": "link url product_url product_link",
    "photos": "photos photo images image image_link image_url image_urls photo_path image_path "
    "image_src picture pictures main_image filename photo_url photo_urls picture_url images_url "
    "img",
    "more_photos": "more_photos additional_image_link additional_image_links additional_images "
    "additional_photos",
}
MAX_SHOWN = 30  # columns that a message names
MAX_NAME = 80  # characters that it shows of each

# Words in the names of columns that may hold what every panel needs, in several languages.
LIKELY_WORDS = {
    "price": "price preis prix precio prezzo preço prijs pris cena fiyat amount cost цена 価格 "
    "价格",
    "photos": "image images img photo photos picture pictures bild bilder foto fotos imagen "
    "imágenes immagine immagini imagem afbeelding zdjęcie obrázek фото 画像 图片",
    "category": "category categories kategorie kategorien catégorie catégories categoría "
    "categorías categoria categorie rubrik breadcrumb department категория カテゴリ 分类",
}
MAX_GUESSED = 1_000  # columns that are looked at for a hint
KNOWN_NAMES = frozenset(name for names in SYNONYMS.values() for name in names.split())


@dataclass(frozen=True, slots=True)
class Columns:
    """The meaning of a file's columns.

    ``fields`` maps our fields to the file's columns; ``others`` are the columns that become
    attributes.
    """

    fields: Mapping[str, str]
    others: tuple[str, ...]

    def describe(self) -> str:
        """The mapping in one line."""
        mapped = ", ".join(
            field if field == column else f"{field} from {column!r}"
            for field, column in self.fields.items()
        )
        text = f"{mapped}; attributes: {listed(self.others, quoted=False) or 'none'}"
        return f"{text}.{hint}" if (hint := self._hint()) else text

    def _hint(self) -> str:
        """The fields that no column was recognised for though one may hold them."""
        missing = [field for field in LIKELY_WORDS if field not in self.fields]
        found = {field: one for field in missing if (one := self._likeliest(field))}
        if not found:
            return ""
        named = " and ".join(f"{field} (it may be {one!r})" for field, one in found.items())
        pairs = ",".join(f"{field}={one}" for field, one in found.items())
        return f" No column is recognised for {named}. If so, ingest it with --columns {pairs!r}"

    def _likeliest(self, field: str) -> str | None:
        words = frozenset(LIKELY_WORDS[field].split())
        scored = [
            (len(words.intersection(normal_name(column).split("_"))), -place, column)
            for place, column in enumerate(self.others[:MAX_GUESSED])
            if len(column) <= MAX_NAME
        ]
        best = max(scored, default=(0, 0, ""))
        return best[2] if best[0] else None


def match_columns(found: Sequence[str], given: Mapping[str, str] | None, where: str) -> Columns:
    """Maps a file's columns to our fields.

    Args:
        found: the file's column names.
        given: our field -> the file's column, from the user; takes precedence.
        where: the file, for messages.

    Raises:
        SourceError: an unknown field, a column that does not exist, or no column for the id.
    """
    fields = dict(given or {})
    for field, column in fields.items():
        if field not in SYNONYMS:
            raise SourceError(
                f"There is no field {field!r} to map a column to; fields are {', '.join(SYNONYMS)}."
            )
        if column not in found:
            raise SourceError(
                f"{where} has no column {column!r} for {field}. It has {listed(found)}."
            )
    columns = _matched(found, fields)
    if "id" not in columns.fields:
        raise SourceError(
            f"{where} has no column that looks like a product id. It has {listed(found)}. "
            "Name it with --columns id=COLUMN."
        )
    return columns


def columns_of(found: Sequence[str], given: Mapping[str, str] | None) -> Columns:
    """`match_columns` without checks, for one object of a file whose objects differ in names."""
    present = {field: column for field, column in (given or {}).items() if column in found}
    return _matched(found, present)


def _matched(found: Sequence[str], fields: dict[str, str]) -> Columns:
    """Completes the mapping ``fields`` with columns in ``found`` whose names are recognised."""
    by_name: dict[str, str] = {}
    for column in found:
        by_name.setdefault(normal_name(column), column)
    taken = set(fields.values())
    for field, names in SYNONYMS.items():
        if field not in fields:
            matches = (by_name[name] for name in names.split() if name in by_name)
            match = next((match for match in matches if match not in taken), None)
            if match is not None:
                fields[field] = match
                taken.add(match)
    ordered = {field: fields[field] for field in SYNONYMS if field in fields}
    return Columns(ordered, tuple(column for column in found if column and column not in taken))


def normal_name(column: str) -> str:
    """A column name in lower case with underscores: "g:imageLink" becomes "image_link"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.strip())  # imageLink -> image_Link
    return re.sub(r"[\W_]+", "_", words.casefold()).strip("_").removeprefix("g_")


def listed(names: Sequence[str], *, quoted: bool = True) -> str:
    """The first names of a file, and how many more there are, for a message."""
    shown = ", ".join(_short(repr(name) if quoted else name) for name in names[:MAX_SHOWN])
    return shown + (f" and {len(names) - MAX_SHOWN:,} more" if len(names) > MAX_SHOWN else "")


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"
