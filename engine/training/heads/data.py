"""The input of the heads' training: features of photos, and their labels and identities."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from catalog.records import ProductRecord
from engine.arrays import Bool, Int64
from engine.labels.design_families import TELLING_WORDS
from engine.labels.labels import UNKNOWN, LabelTable
from engine.labels.splits import title_words


@dataclass(frozen=True)
class HeadsData:
    """N training photos.

    Attributes:
        features: ``(N, W)`` float16, all that the heads read of the tower, the pooled features
            first (`engine.encoders.facet_heads.FacetHeads.features`).
        width: number of pooled features.
        histograms: ``(N, 1 + attention maps, BINS)`` float16, the colour histograms.
        identity: ``(N,)`` codes, equal for photos of one design; see `identities`.
        labels: label column -> ``(N,)`` codes, -1 for unknown.
        words: label column -> its words; a code is an index into them.
        street: ``(N,)`` bool, the photos that people took: their types are other words, or
            coarser ones, than those of the shop.
        derived: ``(N,)`` bool, photos whose colour label was derived from their pixels.
    """

    features: Tensor
    width: int
    histograms: Tensor
    identity: Int64
    labels: Mapping[str, Int64]
    words: Mapping[str, tuple[str, ...]]
    street: Bool
    derived: Bool

    def __len__(self) -> int:
        return len(self.identity)

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation ``(W,)`` float32 of the features, the latter above 0."""
        total, squares = torch.zeros(2, self.features.shape[1], dtype=torch.float64)
        for chunk in torch.split(self.features, 1024):
            total += chunk.double().sum(dim=0)
            squares += chunk.double().square().sum(dim=0)
        mean = total / len(self)
        spread = (squares / len(self) - mean.square()).clamp(min=0).sqrt() + 1e-3
        return mean.float(), spread.float()


def identities(records: Sequence[ProductRecord], table: LabelTable) -> Int64:
    """The identity of each product, ``(M,)`` codes: which products are one design.

    Products of a variant group are one design, as are those with the same title without colour
    words, of the same type and gender, where enough words remain to tell designs apart
    (`engine.labels.design_families`, without its limit on the size of a family). Every other
    product is a design of its own.
    """
    codes: dict[tuple[object, ...], int] = {}
    types, genders = (table.columns[name].tolist() for name in ("type", "gender"))
    found = np.empty(len(records), dtype=np.int64)
    for row, record in enumerate(records):
        words = title_words(record.title)
        key: tuple[object, ...] = ("product", row)
        if record.group_id:
            key = ("group", record.product_id.partition("/")[0], record.group_id)
        elif len(words) >= TELLING_WORDS:
            key = ("title", *words, types[row], genders[row])
        found[row] = codes.setdefault(key, len(codes))
    return found


def merge_identical(identity: Int64, photos: Iterable[bytes]) -> Int64:
    """Identities ``(N,)`` merged where photos are identical, as shops list one photo twice.

    Without this, a photo would be a negative of itself.

    Args:
        identity: ``(N,)`` codes of photos.
        photos: N digests or contents, equal for identical photos.
    """
    codes: dict[bytes, int] = {}
    same = np.array([codes.setdefault(photo, len(codes)) for photo in photos], dtype=np.int64)
    count = int(identity.max(initial=-1)) + 1
    # Identities and distinct photos are the nodes of a graph, each photo an edge.
    nodes = count + len(codes)
    edges = coo_array((np.ones(len(same)), (identity, count + same)), shape=(nodes, nodes))
    merged: Int64 = connected_components(edges, directed=False)[1][identity].astype(np.int64)
    return merged


def compatible_types(
    words: Sequence[str], shop: Bool, answers: Mapping[str, tuple[str, ...]]
) -> Bool:
    """Which types of street photos mean which types of the shop, ``(T, T)`` bool, symmetric.

    Args:
        words: T types.
        shop: ``(T,)`` bool, the types that occur in the shop.
        answers: type -> further types of the shop that may be the same, as
            `engine.labels.type_words.TYPE_WORDS`.
    """
    places = {word: at for at, word in enumerate(words)}
    meant = np.zeros((len(words), len(words)), dtype=bool)
    for word, at in places.items():
        for other in (word, *answers.get(word, ())):
            if other in places and shop[places[other]]:
                meant[at, places[other]] = True
    return meant | meant.T


def known_pairs(codes: Tensor) -> tuple[Tensor, Tensor]:
    """Where two photos have the same label, and where different ones: ``(B, B)`` bool each."""
    known = (codes[:, None] != UNKNOWN) & (codes[None] != UNKNOWN)
    same = codes[:, None] == codes[None]
    return same & known, known & ~same


def standardised(rows: Tensor, mean: Tensor, spread: Tensor) -> Tensor:
    """Features ``(B, W)`` as float32 of mean 0 and standard deviation 1."""
    return (rows.float() - mean) / spread


def fold(linear: torch.nn.Linear, mean: Tensor, spread: Tensor) -> torch.nn.Linear:
    """The linear map of features that does what ``linear`` does to standardised ones."""
    folded = torch.nn.Linear(linear.in_features, linear.out_features)
    with torch.no_grad():
        folded.weight.copy_(linear.weight / spread)
        folded.bias.copy_(-(linear.weight / spread) @ mean)
        if linear.bias is not None:
            folded.bias.add_(linear.bias)
    return folded
