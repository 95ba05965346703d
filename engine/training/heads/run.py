"""A run that trains new heads on a frozen tower: decode, features, parts, mixture, evaluation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tomli_w
import torch
from torch import nn

from catalog.files import write_whole
from engine.arrays import Bool, Int64
from engine.encoders.appearance import AppearanceModel
from engine.encoders.checkpoint import save_appearance
from engine.encoders.facet_heads import ColourHead
from engine.encoders.mixed_heads import WORDS
from engine.encoders.open_clip_encoder import pick_device
from engine.encoders.tokens import tokenizer
from engine.errors import TrainingError
from engine.evaluation.contender import Contender
from engine.evaluation.evaluate import evaluate
from engine.evaluation.report import EvaluationReport
from engine.labels.labels import RULES, LabelRule, LabelTable, label_products
from engine.labels.type_words import TYPE_WORDS
from engine.training.data.initial_model import open_initial_model
from engine.training.data.photo_bank import PhotoBank, open_bank
from engine.training.data.preparation import validation_mask, with_photo_colours
from engine.training.data.run_file import versions
from engine.training.heads.colour_part import train_colour
from engine.training.heads.config import HeadsConfig
from engine.training.heads.data import HeadsData, compatible_types, identities, merge_identical
from engine.training.heads.features import FrozenFeatures, frozen_features
from engine.training.heads.mixing import labels_head, mix_colour, mix_shape, with_heads
from engine.training.heads.sampler import FamilySampler
from engine.training.heads.shape_parts import DESIGN, IDENTITY, STREET, train_part
from engine.training.heads.text_part import TextData, train_text
from engine.training.heads.words_part import train_words
from engine.training.loop.evaluation import EvaluationSet

RUN_FILE = "heads.toml"
COMMENT = "# How `lookalike train-heads` trained the heads and texts of this model.\n"
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class HeadsResult:
    """Trained heads and their evaluation on products that they were not trained on.

    Attributes:
        folder: the model's folder.
        photos: number of photos trained on.
        left_out: the parts that were not trained: they had no steps, or the data no labels.
        evaluation: the measures on the validation split, of contenders "trained" and "initial".
        evaluated: number of validation products.
    """

    folder: Path
    photos: int
    left_out: tuple[str, ...]
    evaluation: EvaluationReport
    evaluated: int


def train_heads(
    sources: Sequence[Path | str],
    out: Path,
    config: HeadsConfig,
    *,
    street: Sequence[Path | str] = (),
    models_dir: Path,
    device: str = "auto",
    workers: int = 1,
    threads: int = 0,
    rules: Sequence[LabelRule] = RULES,
    type_words: Mapping[str, tuple[str, ...]] = TYPE_WORDS,
    half_weights: bool = False,
    on_progress: OnProgress = lambda stage, done, total: None,
) -> HeadsResult:
    """Trains new shape and colour heads, and text, and writes the model to ``out``.

    The tower and the pattern head stay as they are, so all photos pass the tower once, and what
    is left takes minutes on a CPU. Features are stored in ``out``; a run that was killed
    continues with them.

    Args:
        sources: anything that `catalog.sources.open_source` opens.
        out: the folder of the model and of the features.
        config: the settings of the run.
        street: further sources, of photos that people took; see `HeadsData.street`.
        models_dir: where models that are built on first use are stored.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``, for the tower.
        workers: processes that decode photos.
        threads: threads of torch; 0: torch decides.
        rules: how labels are read.
        type_words: type of street photos -> types of the shop that it may mean.
        half_weights: save float16 weights, half the size.
        on_progress: called with the name of the stage, what is done and in all.

    Raises:
        TrainingError, EncoderError, SourceError: the message has the next step; ``out`` holds no
            incomplete model.
    """
    torch_device = pick_device(device)
    if threads:
        torch.set_num_threads(threads)
    initial = open_initial_model(config.encoder, models_dir, 0, config.seed)
    if initial.layout is None:
        raise TrainingError(
            f"The encoder {config.encoder!r} has no facet heads to start from. Train it first: "
            f"lookalike train --encoder {config.encoder}"
        )

    def progress(stage: str) -> Callable[[int, int], None]:
        return lambda done, total: on_progress(stage, done, total)

    bank = open_bank(
        [*sources, *street],
        initial.use_side,
        out / "photos",
        workers=workers,
        on_progress=progress("Decoding photos"),
    )
    table = label_products(with_photo_colours(bank, rules), rules)
    validation = validation_mask(bank, config.split)
    features = frozen_features(
        initial.model, bank, out / "photos", torch_device, progress("Computing features")
    )
    initial.model.to("cpu")
    shop = bank.source < len(sources)
    train = ~validation[bank.product]
    data = training_data(bank, table, features, initial.model.facets.width, train, ~shop)
    model, left_out = train_parts(initial.model, data, type_words, config, progress)
    if config.text_steps:
        tokenize = tokenizer(initial.clip_config["text_cfg"])
        texts = text_data(bank, table, features, model, np.flatnonzero(~validation & shop))
        train_text(model, tokenize, texts, config, progress("Training texts"))
    on_progress("Evaluating", 0, 1)
    evaluation = evaluate_heads((initial.model, model), bank, table, features, validation & shop)
    dtype = torch.float16 if half_weights else torch.float32
    save_appearance(out, model, initial.clip_config, initial.preprocess, dtype)
    run = {"data": list(map(str, sources)), "street": list(map(str, street))}
    result = {"photos": len(data), "left_out": list(left_out)}
    content = {"run": run, "settings": config.as_json(), "result": result, "versions": versions()}
    write_whole(out / RUN_FILE, COMMENT + tomli_w.dumps(content))
    return HeadsResult(out, len(data), left_out, evaluation, int((validation & shop).sum()))


def training_data(
    bank: PhotoBank,
    table: LabelTable,
    features: FrozenFeatures,
    width: int,
    train: Bool,
    street: Bool,
) -> HeadsData:
    """The training photos of a bank.

    Args:
        bank: the photos of M products.
        table: the labels of the products.
        features: those of all photos.
        width: number of pooled features.
        train: ``(N,)`` bool, the photos to train on.
        street: ``(M,)`` bool, the products whose photos people took.
    """
    rows = np.flatnonzero(train)
    owners = bank.product[rows]
    derived = table.derived.get("colour", np.zeros(len(table), dtype=bool))
    return HeadsData(
        torch.from_numpy(features.features[rows]),
        width,
        torch.from_numpy(features.histograms[rows]),
        merge_identical(
            identities(bank.records, table)[owners],
            # Equal features are those of equal photos.
            (features.features[row].tobytes() for row in rows.tolist()),
        ),
        {name: codes[owners] for name, codes in table.columns.items()},
        table.words,
        street[owners],
        derived[owners],
    )


def train_parts(
    model: AppearanceModel,
    data: HeadsData,
    type_words: Mapping[str, tuple[str, ...]],
    config: HeadsConfig,
    progress: Callable[[str], Callable[[int, int], None]],
) -> tuple[AppearanceModel, tuple[str, ...]]:
    """Trains all parts that the data has labels for, and assembles the model.

    Returns:
        The model, and the names of the parts that were left out.

    Raises:
        NotEnoughData: no design has two photos.
    """
    types = data.labels["type"]
    in_shop = np.isin(np.arange(len(data.words["type"])), types[~data.street])
    compatible = compatible_types(data.words["type"], in_shop, type_words)
    plans = {
        "identity": (IDENTITY, config.identity_steps),
        "design": (DESIGN, config.design_steps),
        "street": (STREET, config.design_steps),
    }
    linear: dict[str, nn.Linear] = {}
    for number, (name, (losses, steps)) in enumerate(plans.items()):
        if not (steps and config.shape_shares.get(name)):
            continue
        if losses.street and not data.street.any():
            continue
        # Parts that saw other batches err differently, so their mean errs less.
        seeded = replace(config, seed=config.seed + number)
        linear[name] = train_part(
            data,
            FamilySampler(data, seeded, compatible if losses.street else None),
            losses,
            steps,
            seeded,
            torch.from_numpy(compatible),
            progress(f"Training the {name} part"),
        )
    words = None
    if config.words_steps and config.shape_shares.get(WORDS):
        words = train_words(data, type_words, config, progress("Training the words part"))
    first = labels_head(model, "colour")
    assert isinstance(first, ColourHead)
    tuned = None
    if config.colour_steps:
        tuned = train_colour(data, first, config, progress("Training the colour head"))
    shape = mix_shape(model, linear, words, data, config)
    colour = None if tuned is None else mix_colour(model, tuned, data, config)
    parts = {**dict.fromkeys(config.shape_shares), **shape.parts}
    left_out = [f"shape.{name}" for name, part in parts.items() if part is None]
    left_out += ["colour"] if colour is None else []
    return with_heads(model, shape, colour, config), tuple(left_out)


def text_data(
    bank: PhotoBank,
    table: LabelTable,
    features: FrozenFeatures,
    model: AppearanceModel,
    products: Int64,
) -> TextData:
    """The texts' training products, each with its first photo.

    Args:
        bank: the photos of M products.
        table: the labels of the products.
        features: those of all photos.
        model: the model with its new heads, for the rows.
        products: ``(n,)`` the products to learn from.
    """
    first = np.searchsorted(bank.product, products)
    rows = model.config.layout().compose(features.blocks(model.facets, first))
    width = model.facets.width
    return TextData(
        torch.from_numpy(rows),
        torch.from_numpy(features.features[first, :width]),
        tuple(bank.records[row].title for row in products.tolist()),
        table.take(products),
        identities(bank.records, table)[products],
    )


def evaluate_heads(
    models: tuple[AppearanceModel, AppearanceModel],
    bank: PhotoBank,
    table: LabelTable,
    features: FrozenFeatures,
    chosen: Bool,
) -> EvaluationReport:
    """Evaluates the initial and the trained model on the chosen products, ``(M,)`` bool."""
    evaluation_set = EvaluationSet.of(bank, table, chosen)
    contenders = []
    for name, model in zip(("initial", "trained"), models, strict=True):
        layout = model.config.layout()
        rows = layout.compose(features.blocks(model.facets, evaluation_set.photos))
        contenders.append(Contender(name, evaluation_set.pool(rows, layout), rows, layout))
    return evaluate(evaluation_set.table, contenders[::-1], evaluation_set.owners)
