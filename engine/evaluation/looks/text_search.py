"""Search in words: does a title find its product, and "red dress" what it names?"""

from collections.abc import Iterator, Sequence

import numpy as np

from engine.arrays import Bool, Float32, Float64, Int64
from engine.encoders.encoder import Encoder, encodes_texts
from engine.evaluation.contender import DEFAULT, Contender
from engine.evaluation.looks.ranks import first_ranks
from engine.evaluation.section import Judged, Section
from engine.labels.labels import UNKNOWN, LabelTable

TITLE = "Search in words"
NOTE = (
    "Titles: share for which the product comes within the first 10. Phrases of a colour and a type "
    "that at least 5 products have: share of the first 10 that are of both, over 10 or all there "
    "are."
)
TITLES, PHRASES = "title", "colour and type"
FEWEST = 5  # products that a phrase must describe
FIRST = 10


def text_section(
    titles: Sequence[str],
    table: LabelTable,
    encoders: Sequence[Encoder],
    contenders: Sequence[Contender],
) -> Section | None:
    """The section of all encoders that embed texts; None where there is none.

    Args:
        titles: of N products.
        table: their labels.
        encoders: E encoders.
        contenders: theirs, the first E, with the rows of the N products.
    """
    judged = [
        (contender.name, one)
        for encoder, contender in zip(encoders, contenders, strict=False)
        for one in judge_texts(titles, table, encoder, contender.products)
    ]
    return Section.of(TITLE, NOTE, judged) if judged else None


def judge_texts(
    titles: Sequence[str], table: LabelTable, encoder: Encoder, products: Float32
) -> Iterator[Judged]:
    """Judge one encoder by titles and phrases; nothing where it does not embed texts."""
    texts = encodes_texts(encoder)
    if texts is None:
        return
    yield judge_titles(titles, texts.encode_texts(titles), products)
    found, named = phrases(table)
    if found:
        yield judge_phrases(named, texts.encode_texts(found), products)


def phrases(table: LabelTable) -> tuple[list[str], Bool]:
    """Phrases such as "navy blue dress", P of them, and which products each names, ``(P, N)``.

    Labels that were derived from pixels name nothing.
    """
    colours, types = table.columns["colour"], table.columns["type"]
    derived = table.derived.get("colour")
    known = (colours != UNKNOWN) & (types != UNKNOWN)
    if derived is not None:
        known &= ~derived
    pairs, counts = np.unique(
        np.stack([colours[known], types[known]], axis=1), axis=0, return_counts=True
    )
    kept = pairs[counts >= FEWEST]
    texts = [
        f"{table.words['colour'][colour]} {table.words['type'][kind]}"
        for colour, kind in kept.tolist()
    ]
    named = (colours == kept[:, :1]) & (types == kept[:, 1:]) & known
    return texts, named


def judge_titles(titles: Sequence[str], queries: Float32, products: Float32) -> Judged:
    """Judge titles ``(N, D)`` against products ``(N, D)``; products of one title are equal."""
    _, codes = np.unique(np.asarray(list(titles), dtype=np.str_), return_inverse=True)
    codes = codes.astype(np.int64)
    right = codes[:, None] == codes
    ranks: Int64 = first_ranks(queries @ products.T, right, np.zeros_like(right))
    return Judged(
        TITLES, DEFAULT, values_of(len(ranks), recall=(ranks <= FIRST).astype(float)), codes
    )


def judge_phrases(named: Bool, queries: Float32, products: Float32) -> Judged:
    """Judge phrases ``(P, D)`` against products ``(N, D)``; ``named`` is ``(P, N)``."""
    order = np.argsort(-(queries @ products.T), axis=1, kind="stable")[:, :FIRST]
    hits = np.take_along_axis(named, order, axis=1).sum(axis=1)
    precision: Float64 = hits / np.minimum(FIRST, named.sum(axis=1))
    return Judged(PHRASES, DEFAULT, values_of(len(hits), precision=precision))


def values_of(
    count: int, recall: Float64 | None = None, precision: Float64 | None = None
) -> dict[str, Float64]:
    """Both metrics of the table ``(count,)``, NaN where one is not judged."""
    nothing = np.full(count, np.nan)
    return {
        "recall_at_10": nothing if recall is None else recall,
        "precision_at_10": nothing if precision is None else precision,
    }
