"""Facet heads that mix several parts into one block.

Parts that were trained for different ends (the labels, the identity of a design, the words of its
type) each see something that the others miss. A mixed head gives each part a share of the cosine:
the unit rows of the parts are scaled to ``sqrt(share)`` and joined, so that the dot product of two
joined rows is the mean of the parts' cosines. A fixed linear map then shortens the joined row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from catalog.frozen_dict import FrozenDict

LABELS, WORDS = "labels", "words"  # the part that triplets of labels trained, and the posterior
TUNED = "tuned"  # a copy of the colour head, trained further


@dataclass(frozen=True)
class Mixture:
    """The parts of a mixed head; stored beside the weights.

    Attributes:
        shares: part -> its share of the block's cosine, above 0; they sum to 1.
        dims: part -> length of its rows, for the same parts.
        words: the words whose probabilities the part ``words`` holds, in their order.
    """

    shares: Mapping[str, float]
    dims: Mapping[str, int]
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.shares or self.shares.keys() != self.dims.keys():
            raise ValueError(f"shares {dict(self.shares)} and dims {dict(self.dims)} must match")
        if min(self.shares.values()) <= 0 or abs(sum(self.shares.values()) - 1) > 1e-6:
            raise ValueError(f"shares must be above 0 and sum to 1, not {dict(self.shares)}")
        named = self.dims.get(WORDS, 0)
        if len(self.words) != named:
            raise ValueError(f"{len(self.words)} words for a part {WORDS!r} of {named} numbers")
        object.__setattr__(self, "shares", FrozenDict(dict(self.shares)))
        object.__setattr__(self, "dims", FrozenDict(dict(self.dims)))

    @property
    def width(self) -> int:
        """Length of the joined row."""
        return sum(self.dims.values())

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "shares": dict(self.shares),
            "dims": dict(self.dims),
            "words": list(self.words),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Mixture":
        """The inverse of `as_json`."""
        return cls(**{**values, "words": tuple(values["words"])})

    def join(self, parts: Mapping[str, Tensor]) -> Tensor:
        """Joined unit rows ``(B, width)`` of the parts' rows ``{part: (B, dim)}`` of any length."""
        return torch.cat(
            [F.normalize(parts[name], dim=1) * share**0.5 for name, share in self.shares.items()],
            dim=1,
        )


class WordPosterior(nn.Linear):
    """The roots of the words' probabilities, ``(B, W)``: unit rows.

    The dot product of two such rows is the Bhattacharyya coefficient of the distributions.
    """

    def forward(self, rows: Tensor) -> Tensor:
        """Rows ``(B, W)`` of features ``(B, width)``."""
        return super().forward(rows).softmax(dim=1).sqrt()


class MixedShapeHead(nn.Module):
    """A shape head of parts that read all features of a tower, early ones included.

    What a thing is shows in the last, pooled features; which one of its kind it is, in the early
    ones too: knit, print, stitches.

    Args:
        labels: the two-layer head that the triplets of labels trained, of pooled features alone;
            None for a mixture without it.
        mixture: the parts; those beside ``labels`` are linear maps of all features.
        width: length of the pooled features.
        features: length of all features, of which the pooled ones come first.
        dim: length of the block.
    """

    def __init__(
        self, labels: nn.Module | None, mixture: Mixture, width: int, features: int, dim: int
    ) -> None:
        super().__init__()
        self.mixture, self.width = mixture, width
        self.parts = nn.ModuleDict()
        for name, length in mixture.dims.items():
            if name == LABELS and labels is not None:
                self.parts[name] = labels
            elif name == WORDS:
                self.parts[name] = WordPosterior(features, length)
            else:
                self.parts[name] = nn.Linear(features, length)
        self.reduce = nn.Linear(mixture.width, dim, bias=False)

    def joined(self, features: Tensor) -> Tensor:
        """Joined rows ``(B, mixture.width)``, before they are shortened."""
        pooled = features[:, : self.width]
        return self.mixture.join(
            {
                name: part(pooled if name == LABELS else features)
                for name, part in self.parts.items()
            }
        )

    def forward(self, features: Tensor) -> Tensor:
        """Rows ``(B, dim)`` of features ``(B, features)``."""
        rows: Tensor = self.reduce(self.joined(features))
        return rows


class MixedColourHead(nn.Module):
    """A colour head of a first and a tuned colour head, and the tuned one's colour words.

    Args:
        heads: ``labels`` and ``tuned``, or ``tuned`` alone; each as
            `engine.encoders.facet_heads.ColourHead`.
        mixture: the parts; ``words`` reads the tuned head's unit rows.
        dim: length of the block.
    """

    def __init__(self, heads: Mapping[str, nn.Module], mixture: Mixture, dim: int) -> None:
        super().__init__()
        self.mixture = mixture
        self.parts = nn.ModuleDict({name: heads[name] for name in mixture.dims if name != WORDS})
        self.words = WordPosterior(mixture.dims[TUNED], mixture.dims[WORDS])
        self.reduce = nn.Linear(mixture.width, dim, bias=False)

    def joined(self, histograms: Tensor, pooled: Tensor) -> Tensor:
        """Joined rows ``(B, mixture.width)``, before they are shortened."""
        rows = {name: part(histograms, pooled) for name, part in self.parts.items()}
        rows[WORDS] = self.words(F.normalize(rows[TUNED], dim=1))
        return self.mixture.join(rows)

    def forward(self, histograms: Tensor, pooled: Tensor) -> Tensor:
        """Rows ``(B, dim)``; inputs as for `engine.encoders.facet_heads.ColourHead`."""
        rows: Tensor = self.reduce(self.joined(histograms, pooled))
        return rows
