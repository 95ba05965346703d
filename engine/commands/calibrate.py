"""`lookalike calibrate`: fits the match in per cent to cosines and saves it with the model."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from catalog.console import plain_errors
from catalog.settings import CatalogSettings
from engine.applications.verification.views import VIEWS, view
from engine.arrays import Float32
from engine.calibration.held_out_pairs import HeldOutSet, fitting_half
from engine.calibration.photo_test import PhotoTest
from engine.calibration.same_product import SameProduct
from engine.calibration.store import find_calibration, save_path
from engine.commands.evaluate import ALL, split_option, watched
from engine.embedding.pooling import pool_products
from engine.encoders import loading
from engine.encoders.encoder import Encoder
from engine.errors import EngineError
from engine.evaluation.data import Material, Progress, embed_photos, from_catalogue, from_sources
from engine.labels.label_file import read_rules
from engine.labels.labels import RULES, encode_words, label_products
from engine.labels.splits import family_of
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from engine.applications.verification.learning import PhotoSet

MOST_VIEWED = 250  # photos that same product is learned from by views
MOST_PHOTOS, MOST_CORNERS = 600, 200  # customers' photos that a photo test learns from
BATCH = 32


@click.command("calibrate")
@click.option(
    "--data",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A source to fit on, read in place; repeatable. Default: the catalogue.",
)
@click.option(
    "--photos",
    "own_photos",
    type=click.Path(path_type=Path),
    help="A source of customers' own photos of garments: also learn whether a photo that is "
    "searched by looks like any product. Default: keep what the encoder's calibration knows.",
)
@split_option
@click.option("--encoder", help="Encoder to calibrate. Default: LOOKALIKE_ENCODER.")
@click.option("--labels", type=click.Path(path_type=Path), help="A TOML file of label rules.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Default: calibration.json in a local-dir: model's folder; for others, in the home.",
)
@plain_errors(EngineError, OSError)
def calibrate_command(
    data: tuple[Path, ...],
    own_photos: Path | None,
    split: str,
    encoder: str | None,
    labels: Path | None,
    out: Path | None,
) -> None:
    """Fit the match in per cent that a cosine means, on products that were not trained on.

    The calibration is fitted on half of them and measured on the other half. It holds for this
    encoder with its default facet weights, and the next `lookalike reindex` publishes it.
    """
    from engine.applications.verification.learning import learn_same_product  # scikit-learn
    from engine.calibration.fitting import EncoderId, calibrate

    settings, photos = EngineSettings(), CatalogSettings()
    rules = read_rules(labels) if labels else RULES
    material = from_sources(data) if data else from_catalogue(photos)
    if split != ALL:
        material = material.held_out(split)
    loaded = loading.load(settings, encoder or settings.encoder)
    with watched(len(material.photos)) as show:
        rows, kept = embed_photos(
            material.photos,
            {"encoder": loaded.encode},
            side=2 * loaded.image_size,
            settings=photos,
            on_progress=show,
        )
    usable = material.only(kept)
    if not usable.products:
        raise EngineError(
            "There is no readable photo to fit on. Ingest more, give --data, or use --split all."
        )
    held_out = HeldOutSet.of(
        usable.products,
        pool_products(rows["encoder"], usable.owners, loaded.layout),
        label_products(usable.products, rules),
    )
    encoder_id = EncoderId(loaded.name, loaded.fingerprint)
    fitted = calibrate(held_out, fitting_half(usable.products), encoder_id, loaded.layout)
    known = find_calibration(settings.models_dir, loaded.name, loaded.fingerprint).calibration
    photo_test = None if known is None else known.photo_test
    if own_photos is not None:
        photo_test = _photo_test(own_photos, split, loaded, held_out.rows, photos)
    same_product = learn_same_product(_photo_set(usable, rows["encoder"], loaded, photos))
    fitted = fitted.model_copy(update={"photo_test": photo_test, "same_product": same_product})
    path = out or save_path(settings.models_dir, loaded)
    fitted.save(path)
    error = "not measured" if fitted.error is None else f"{fitted.error:.3f}"
    floor = "not learned" if fitted.floor is None else f"{fitted.floor:.1f}%"
    kept_test = "not learned" if photo_test is None else "kept"
    test = "learned" if photo_test is not None and own_photos is not None else kept_test
    click.echo(
        f"{path}: fitted on {fitted.fitted_on:,} products, "
        f"{len(fitted.categories)} categories separately; calibration error on the other half "
        f"{error}, floor {floor}, photo test {test}, same product "
        f"{_same_product_note(same_product)}. Next: lookalike reindex"
    )


def _same_product_note(learned: SameProduct | None) -> str:
    if learned is None:
        return "not learned"
    error = "not measured" if learned.error is None else f"{learned.error:.3f}"
    least = learned.rates[-1]
    return f"learned from {learned.learned_from} (error {error}, least rate {least:g})"


def _later(show: Progress, before: int, done: int, total: int) -> None:
    show(before + done, before + total)


def _photo_set(
    material: Material, rows: Float32, encoder: Encoder, settings: CatalogSettings
) -> "PhotoSet":
    """The photos of a material, and views of some where too few products have two photos."""
    from engine.applications.verification.learning import PhotoSet

    families, _ = encode_words([family_of(product) for product in material.products])
    owners = material.owners
    fitting = fitting_half(material.products)[owners]
    none = np.zeros((0, rows.shape[1]), dtype=np.float32)
    photos = PhotoSet(rows, owners, families[owners], fitting, none, np.zeros(0, dtype=np.int64))
    if photos.learns_from_photos:
        return photos
    chosen = np.sort(np.random.default_rng(0).permutation(len(rows))[:MOST_VIEWED])
    parts, originals = [none], [np.zeros(0, dtype=np.int64)]
    with watched(len(VIEWS) * len(chosen)) as show:
        for name in VIEWS:
            before = sum(len(part) for part in originals)
            found, kept = embed_photos(
                [material.photos[row] for row in chosen.tolist()],
                {"encoder": encoder.encode},
                side=2 * encoder.image_size,
                settings=settings,
                on_progress=partial(_later, show, before),
                transform=partial(view, name=name),
            )
            if kept.any():
                parts.append(found["encoder"])
                originals.append(chosen[kept])
    return replace(photos, views=np.concatenate(parts), originals=np.concatenate(originals))


def _photo_test(
    source: Path, split: str, encoder: Encoder, products: Float32, settings: CatalogSettings
) -> PhotoTest | None:
    """The photo test that customers' photos of a source teach."""
    from engine.calibration.no_garments import corner, pictures  # loads scikit-learn
    from engine.calibration.photo_test_learning import learn_photo_test

    material = from_sources([source])
    if split != ALL:
        material = material.held_out(split)
    files = material.photos
    chosen = np.random.default_rng(0).permutation(len(files))
    garments = [files[place] for place in np.sort(chosen[:MOST_PHOTOS])]
    floors = [files[place] for place in np.sort(chosen[-MOST_CORNERS:])]
    with watched(len(garments) + len(floors)) as show:
        found, _ = embed_photos(
            garments,
            {"encoder": encoder.encode},
            side=2 * encoder.image_size,
            settings=settings,
            on_progress=show,
        )
        others, _ = embed_photos(
            floors,
            {"encoder": encoder.encode},
            side=2 * encoder.image_size,
            settings=settings,
            transform=corner,
        )
    drawn = pictures()
    parts = [encoder.encode(drawn[at : at + BATCH]) for at in range(0, len(drawn), BATCH)]
    if len(others["encoder"]):
        parts.append(others["encoder"])
    return learn_photo_test(found["encoder"], np.concatenate(parts), products, encoder.layout)


COMMANDS = [calibrate_command]
