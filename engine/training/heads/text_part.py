"""Rows for texts: the text tower, trained against the frozen rows of photos.

Titles alone teach a text tower to find titles; people type "red dress". So a third of the texts
are titles and the rest are random phrases of a product's labels, whose positives are all photos
in the batch that have the labels which the phrase names.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.arrays import Bool, Float64, Int64
from engine.encoders.appearance import AppearanceModel
from engine.encoders.tokens import Tokenize
from engine.labels.labels import UNKNOWN, LabelTable
from engine.training.heads.config import HeadsConfig
from engine.training.heads.phrases import random_phrase
from engine.training.loop.schedule import learning_rate_factor

BATCH = 192
TITLES = 0.35  # share of the texts that are whole titles
WARMUP = 20
TOWER_LR, OUTPUT_LR, SCALE_LR = 1e-3, 3e-3, 1e-2
WEIGHT_DECAY = 0.01
CLIP_NORM = 1.0
BALANCE = 0.5  # products of a rare type and colour are drawn more often: by count ** -BALANCE
TEXT_PARTS = (
    *("token_embedding", "positional_embedding", "transformer", "ln_final", "text_projection"),
    "text",  # the whole tower, in open_clip's models with a custom text tower
)


@dataclass(frozen=True)
class TextData:
    """M products to learn texts from.

    Attributes:
        rows: ``(M, D)`` float32, their appearance rows.
        pooled: ``(M, W)`` float16, the tower's pooled features, one photo each.
        titles: their titles.
        table: their labels.
        identity: ``(M,)`` codes; a title describes all products of one design.
    """

    rows: Tensor
    pooled: Tensor
    titles: tuple[str, ...]
    table: LabelTable
    identity: Int64


def train_text(
    model: AppearanceModel,
    tokenize: Tokenize,
    data: TextData,
    config: HeadsConfig,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Trains the text tower and the map of its embedding to rows; rows of photos stay.

    The projection of CLIP's own image embedding is trained beside, where it is a layer of its
    own, so that the image and text towers of the saved folder still fit each other.

    Args:
        model: a model with ``config.text``; changed in place.
        tokenize: the text tower's tokenizer.
        data: the training products.
        config: steps and seed.
        on_step: called with the number of steps done and in all.
    """
    assert model.text is not None
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    clip, text = model.clip.train(), model.text
    visual = getattr(clip.visual, "head", None)
    visual = visual if isinstance(visual, nn.Module) else None
    tower = [p for name, p in clip.named_parameters() if name.split(".")[0] in TEXT_PARTS]
    scales = nn.Parameter(torch.full((2,), 3.0))
    image = list(visual.parameters()) if visual is not None else []
    groups = [(tower + image, TOWER_LR), (list(text.parameters()), OUTPUT_LR)]
    optimiser = torch.optim.AdamW(
        [
            *({"params": params, "peak": peak} for params, peak in groups),
            {"params": [scales], "peak": SCALE_LR, "weight_decay": 0.0},
        ],
        weight_decay=WEIGHT_DECAY,
    )
    chances = draw_chances(data.table)
    size = min(BATCH, len(chances))
    for step in range(config.text_steps):
        factor = learning_rate_factor(step, config.text_steps, WARMUP)
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * factor
        at = rng.choice(len(chances), size, replace=False, p=chances)
        texts, described = texts_of(data, at, rng)
        embedded = clip.encode_text(tokenize(texts))
        positives = torch.from_numpy(described)
        cosines = F.normalize(text(embedded), dim=1) @ data.rows[at].T
        loss = contrastive_loss(cosines * scales[0].exp(), positives)
        if visual is not None:
            photos = F.normalize(visual(data.pooled[at].float()), dim=1)
            cosines = F.normalize(embedded, dim=1) @ photos.T
            # The text tower serves the rows; CLIP's image projection follows it.
            loss = loss + config.clip_weight * contrastive_loss(
                cosines * scales[1].exp(), positives
            )
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        trained = [p for group in optimiser.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(trained, CLIP_NORM)
        optimiser.step()
        on_step(step + 1, config.text_steps)
    clip.eval()


def texts_of(data: TextData, at: Int64, rng: np.random.Generator) -> tuple[list[str], Bool]:
    """A text for each of the products ``(B,)``, and which products each describes, ``(B, B)``."""
    texts = []
    described = np.ones((len(at), len(at)), dtype=bool)
    for place, row in enumerate(at.tolist()):
        phrase = None if rng.random() < TITLES else random_phrase(data.table, row, rng)
        if phrase is None:
            texts.append(data.titles[row])
            described[place] = data.identity[at] == data.identity[row]
        else:
            texts.append(phrase.text)
            for column in phrase.columns:
                codes = data.table.columns[column]
                described[place] &= codes[at] == codes[row]
    return texts, described


def contrastive_loss(logits: Tensor, positives: Tensor) -> Tensor:
    """InfoNCE with several positives, from texts to photos, and by half from photos to texts.

    Args:
        logits: ``(B, B)``, of texts (rows) and photos.
        positives: ``(B, B)`` bool, the diagonal included.
    """
    share = positives.float()
    to_photos = -(logits.log_softmax(dim=1) * share).sum(dim=1) / share.sum(dim=1)
    to_texts = -(logits.log_softmax(dim=0) * share).sum(dim=0) / share.sum(dim=0)
    return to_photos.mean() + 0.5 * to_texts.mean()


def draw_chances(table: LabelTable) -> Float64:
    """Probabilities ``(M,)`` of products in a draw; those of a rare type and colour more often."""
    codes = table.columns["type_colour"]
    _, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
    weights = counts[place].astype(float) ** -BALANCE
    # Products without labels have their titles only.
    weights[codes == UNKNOWN] = np.median(weights)
    chances: Float64 = weights / weights.sum()
    return chances
