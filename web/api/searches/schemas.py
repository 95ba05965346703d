"""The response to a search in words; see `web.api.schemas`."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from catalog import records
from engine.applications.words.results import ChangedAnswer, WordAnswer
from web.api.schemas import Answer, Product


class WordResult(Answer):
    """A product that words find."""

    product_id: str
    rank: int = Field(description="from 1")
    similarity: float | None = Field(
        description="cosine of its photos with the words, or with the changed look of `like`, "
        "-1 to 1; null if only its title and fields were compared"
    )
    meets: tuple[str, ...] = Field(description="the phrases of `q` that are true of it")
    in_words: bool = Field(description="whether its title and fields have the words")
    product: Product | None = Field(description="null if it has just left the catalogue")


class WordResults(Answer):
    """What words find, and how they were understood."""

    query_id: str = Field(description="for events of visitors, of these results")
    generation: str
    like: str | None = Field(description="the product that the words changed")
    understood: dict[str, Any] = Field(description="what the words mean, as fields of a filter")
    corrected: str | None = Field(description="the words searched for, if a spelling was corrected")
    ignored: tuple[str, ...] = Field(description="words that nothing in the shop is called")
    relaxed: tuple[str, ...] = Field(description="fields that were dropped, as nothing met them")
    unknown: tuple[str, ...] = Field(
        description="what the words compare by, such as `length`, and `like` has no value for"
    )
    by_look: bool = Field(description="false: the encoder embeds no texts, words alone decided")
    results: tuple[WordResult, ...]

    @classmethod
    def of(
        cls, answer: WordAnswer, products: Mapping[str, records.Product], query_id: str
    ) -> "WordResults":
        """From the answer to a text, the products of its results, and its id in the event log."""
        return cls(
            query_id=query_id,
            generation=answer.generation,
            like=None,
            understood=answer.wishes.as_json(),
            corrected=answer.note.corrected,
            ignored=answer.note.ignored,
            relaxed=answer.relaxed,
            unknown=(),
            by_look=answer.by_look,
            results=tuple(
                WordResult(
                    product_id=one.product_id,
                    rank=one.rank,
                    similarity=None if one.similarity is None else round(one.similarity, 6),
                    meets=one.meets,
                    in_words=one.in_words,
                    product=shown(products.get(one.product_id)),
                )
                for one in answer.results
            ),
        )

    @classmethod
    def of_changed(
        cls, answer: ChangedAnswer, products: Mapping[str, records.Product], query_id: str
    ) -> "WordResults":
        """From products like another one, these products, and the answer's id in the event log."""
        panel = answer.panel
        return cls(
            query_id=query_id,
            generation=panel.generation,
            like=panel.seeds[0],
            understood=answer.wishes.as_json(),
            corrected=None,
            ignored=answer.ignored,
            relaxed=panel.relaxed,
            unknown=answer.unknown,
            by_look=True,
            results=tuple(
                WordResult(
                    product_id=one.product_id,
                    rank=one.rank,
                    similarity=round(one.score, 6),
                    meets=(),
                    in_words=False,
                    product=shown(products.get(one.product_id)),
                )
                for one in panel.results
            ),
        )


def shown(item: records.Product | None) -> Product | None:
    """A product as the API shows it."""
    return None if item is None else Product.of(item)
