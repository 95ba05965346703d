"""The responses of the styles of the API; see `web.api.schemas`."""

from collections.abc import Sequence

from pydantic import Field

from catalog import records
from engine.applications.styles import styles as found
from web.api.schemas import Answer, Product
from web.styles.style_links import style_url


class Style(Answer):
    """A group of products that look alike."""

    style: int = Field(description="its number, which stays while most of it stays together")
    name: str
    words: tuple[str, ...] = Field(description="of titles, which tell it from other styles")
    medoid: str = Field(description="id of the product that is most like all others of it")
    size: int = Field(description="number of its products, sold out or not")
    url: str = Field(description="path of its page in the storefront")

    @classmethod
    def of(cls, style: found.Style) -> "Style":
        """From a style of the engine."""
        return cls(
            style=style.number,
            name=style.name,
            words=style.words,
            medoid=style.medoid,
            size=style.size,
            url=style_url(style),
        )


class StyleListing(Answer):
    """One page of styles, the largest first."""

    styles: tuple[Style, ...]
    total: int = Field(description="number of styles on all pages")
    page: int
    per_page: int
    next: str | None = Field(description="URL of the next page; null on the last one")


class StyleProducts(Answer):
    """A style and one page of its products, the most typical first."""

    style: Style
    like: tuple[Style, ...] = Field(description="styles that look most like it")
    products: tuple[Product, ...]
    total: int = Field(description="number of its products that the shop sells, on all pages")
    page: int
    per_page: int
    next: str | None = Field(description="URL of the next page; null on the last one")

    @classmethod
    def of(
        cls,
        style: found.Style,
        like: Sequence[found.Style],
        page: records.Page,
        following: str | None,
    ) -> "StyleProducts":
        """From a style, those like it, a page of its products, and the URL of the next one."""
        return cls(
            style=Style.of(style),
            like=tuple(Style.of(one) for one in like),
            products=tuple(Product.of(one) for one in page.products),
            total=page.total,
            page=page.page,
            per_page=page.per_page,
            next=following,
        )
